"""Definitions: canonical columns and records, table contracts, the agreement model and its predicate language."""
