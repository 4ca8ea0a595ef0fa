"""Schema: declarations of columns, canonical records and tables."""
