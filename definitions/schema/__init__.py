"""Columns, records and tables: what each holds, and who may read it."""
