"""Alembic migrations: the only way the published schema changes."""
