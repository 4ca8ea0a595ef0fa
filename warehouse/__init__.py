"""The curated PostgreSQL warehouse: tables, staging, publish, reads."""
