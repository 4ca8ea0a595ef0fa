"""State of a stream: current version of each record, compacted from landed pages."""
