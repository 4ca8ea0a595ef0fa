"""Landing: raw pages of a source, written durably and read back verified."""
