"""Embedded PostgreSQL: its data folder, server and programs."""
