"""Streams of the settings: how each is opened, pulled, compacted and conformed, whatever the run."""
