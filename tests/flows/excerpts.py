"""A dozen invented rows in the shape of the exports that the examples were written for, with the same dirt."""

import csv
import io
from pathlib import Path

ACCOUNTS = """\
account,sector,year_established,revenue,employees,office_location,subsidiary_of
Umbra Ltd,technolgy,1996,1100.04,2822,United States,
Nimbus Labs,medical,1999,251.41,495,Philipines,Umbra Ltd
"""
PRODUCTS = """\
product,series,sales_price
GTX Basic,GTX,550
GTX Pro,GTX,4821
"""
TEAMS = """\
sales_agent,manager,regional_office
Ida Quill,Otto Bly,Central
Ned Sorrel,Otto Bly,West
"""
# Two won, one lost, two engaged half a year ago, three not; three without account, four of the product without a space.
PIPELINE = """\
opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
AAAA0001,Ida Quill,GTXPro,Umbra Ltd,Won,2017-03-21,2017-06-02,4514
AAAA0002,Ned Sorrel,GTX Basic,Nimbus Labs,Won,2017-10-15,2017-12-04,588
AAAA0003,Ida Quill,GTXPro,Umbra Ltd,Lost,2017-09-18,2017-10-09,0
AAAA0004,Ned Sorrel,GTXPro,,Engaging,2017-07-05,,
AAAA0005,Ida Quill,GTX Basic,Umbra Ltd,Engaging,2017-01-22,,
AAAA0006,Ned Sorrel,GTXPro,Nimbus Labs,Engaging,2017-07-06,,
AAAA0007,Ida Quill,GTX Basic,,Prospecting,,,
AAAA0008,Ned Sorrel,GTX Basic,,Prospecting,,,
"""
LEADS = """\
Prospect ID,Lead Origin,Lead Source,Do Not Email,Do Not Call,Converted,Country,Specialization,\
What is your current occupation,Tags
1a,API,Olark Chat,No,No,0,,Select,Unemployed,Interested in other courses
2b,Landing Page Submission,google,Yes,No,1,India,Select,Select,Will revert after reading the email
3c,Lead Add Form,Google,No,Yes,0,unknown,Finance Management,Working Professional,
4d,Lead Import,Select,No,No,0,Asia/Pacific Region,Select,,Ringing
"""


def write_maven(folder: Path) -> Path:
    texts = {"accounts": ACCOUNTS, "products": PRODUCTS, "sales_teams": TEAMS, "sales_pipeline": PIPELINE}
    texts["reexport_us_dates_sales_pipeline"] = american(PIPELINE)
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def write_leads(folder: Path) -> Path:
    (folder / "Leads.csv").write_text(LEADS)
    return folder


def american(text: str) -> str:
    """The same rows with days as an American spreadsheet saves them: 3/1/2017."""
    header, *rows = csv.reader(io.StringIO(text))
    dated = [place for place, name in enumerate(header) if name.endswith("_date")]
    for row in rows:
        for place in dated:
            if row[place]:
                year, month, day = map(int, row[place].split("-"))
                row[place] = f"{month}/{day}/{year}"
    saved = io.StringIO()
    csv.writer(saved, lineterminator="\n").writerows([header, *rows])
    return saved.getvalue()
