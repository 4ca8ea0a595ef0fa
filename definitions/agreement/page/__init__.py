"""Printed page of the agreement, for reading aloud and signing."""
