"""Salesforce: settings, streams, pagination, and the mapping of its records."""

from connectors.salesforce.account import open_http
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.streams import STREAMS
from connectors.source_type import HttpSource

SOURCE = HttpSource(settings=SalesforceSettings, streams=STREAMS, open_http=open_http)
