"""Checks generated from the definitions and the table contracts, and the one file that runs them."""
