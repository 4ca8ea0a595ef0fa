"""One file a revision, each frozen once released; there is no way down: an empty warehouse is filled from landing."""
