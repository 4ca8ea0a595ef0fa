"""Local imitations of the vendor APIs over one synthetic company whose truth is known."""
