"""What every case runs on: the example's settings, one day, and the name of the first run."""

from datetime import date

from benchmarks.measured import ROOT

CONFIG = ROOT / "examples" / "hubspot_salesforce" / "bantam.yaml"
DAY = date(2026, 11, 22)
RUN = "000001-20261122T000000Z"
