"""Declarations that map the columns of a source to canonical fields."""
