"""HubSpot's dialect."""
