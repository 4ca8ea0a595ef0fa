"""Publishing: staged tables merged into the curated ones in one transaction."""
