"""HTTP client: requests, authentication, rate limits, deadlines, error messages."""
