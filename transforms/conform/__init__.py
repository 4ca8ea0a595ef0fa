"""Conform: from a source's record to a canonical one, as its mapping declares."""
