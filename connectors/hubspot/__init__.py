"""HubSpot: settings, streams, pagination, and the mapping of its records."""

from connectors.hubspot.account import open_http
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.streams import STREAMS
from connectors.source_type import HttpSource

SOURCE = HttpSource(settings=HubSpotSettings, streams=STREAMS, open_http=open_http)
