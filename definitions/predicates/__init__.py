"""Predicates: SQL-like tests over canonical fields, parsed, checked and compiled."""
