"""Steps of a run: extract, compact, conform, compute, audit, publish."""
