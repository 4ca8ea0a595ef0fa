"""Sources: one folder a vendor, the shared HTTP client and its pagers, and the landing of raw pages."""
