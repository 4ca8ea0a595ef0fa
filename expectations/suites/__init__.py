"""Suites of checks, each generated from the definitions or the table contracts."""
