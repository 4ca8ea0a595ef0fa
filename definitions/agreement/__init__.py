"""The agreement of marketing and sales: model, loading, coherence checks, printed page."""
