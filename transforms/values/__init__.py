"""Mend one kind of value each, on distinct values."""
