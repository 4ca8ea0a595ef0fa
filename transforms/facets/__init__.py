"""Facets: columns that the definitions may name, computed once."""
