"""HubSpot: streams, and how they are walked."""
