"""Audit: checks generated from definitions and contracts, measured in PostgreSQL, judged by Great Expectations."""
