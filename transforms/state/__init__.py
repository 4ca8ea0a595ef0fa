"""State of a stream: current version of each record, folded from landed pages."""
