"""Steps of a run: open it, read its records, stage what is computed, audit, publish."""
