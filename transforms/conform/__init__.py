"""Conforming of source records to canonical records, as their mapping declares."""
