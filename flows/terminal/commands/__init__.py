"""Commands of `bantam`."""
