"""Hand-written YAML files: parsing, and messages that report every mistake with its line."""
