"""Small Excel workbooks for the tests, written by hand: text, numbers, and days as Excel keeps them."""

import io
import zipfile
from datetime import date, datetime
from xml.sax.saxutils import escape

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = f"""<styleSheet {_MAIN}><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>
<xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>"""


def workbook(sheets, hidden=()):
    """Bytes of a workbook of sheets by name, each a list of rows."""
    content = io.BytesIO()
    numbers = range(1, len(sheets) + 1)
    with zipfile.ZipFile(content, "w") as archive:
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n in numbers
        )
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
            f'"/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{overrides}</Types>',
        )
        archive.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        files = [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers] + [("styles", "styles.xml")]
        archive.writestr("xl/_rels/workbook.xml.rels", _relations(files))
        states = ["hidden" if name in hidden else "visible" for name in sheets]
        names = "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}" state="{state}"/>'
            for n, name, state in zip(numbers, sheets, states, strict=True)
        )
        archive.writestr("xl/workbook.xml", f'<workbook {_MAIN} xmlns:r="{_REL}"><sheets>{names}</sheets></workbook>')
        archive.writestr("xl/styles.xml", _STYLES)
        for n, rows in zip(numbers, sheets.values(), strict=True):
            archive.writestr(f"xl/worksheets/sheet{n}.xml", _sheet(rows))
    return content.getvalue()


def _relations(targets):
    lines = "".join(
        f'<Relationship Id="r{n}" Type="{_REL}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    )


def _sheet(rows):
    lines = "".join(
        f'<row r="{n}">' + "".join(_cell(f"{chr(65 + at)}{n}", cell) for at, cell in enumerate(row)) + "</row>"
        for n, row in enumerate(rows, 1)
    )
    return f"<worksheet {_MAIN}><sheetData>{lines}</sheetData></worksheet>"


def _cell(place, value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, date):
        is_moment = isinstance(value, datetime)
        spent = (value.hour * 60 + value.minute) / 1440 if is_moment else 0
        number = (value.toordinal() - date(1899, 12, 30).toordinal()) + spent
        return f'<c r="{place}" s="{2 if is_moment else 1}"><v>{number}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'
