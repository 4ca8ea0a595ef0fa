"""YAML files that people write: parsing, and messages that name every mistake with its line."""
