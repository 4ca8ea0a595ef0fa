"""HubSpot: settings, streams, how they are walked, and what their records become."""

from connectors.hubspot.account import open_http
from connectors.hubspot.settings import HubSpotSettings
from connectors.hubspot.streams import STREAMS
from connectors.source_type import HttpSource

SOURCE = HttpSource(settings=HubSpotSettings, streams=STREAMS, open_http=open_http)
