"""Erasure: removing a person from a home and its warehouse, and keeping them out."""
