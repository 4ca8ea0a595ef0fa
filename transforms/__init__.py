"""Pure functions on frames: Polars in, Polars out; no I/O and no clock."""
