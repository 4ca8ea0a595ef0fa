"""Countries where the company sells: their weight, cities, spellings people type, and telephone numbers.

Telephone numbers use ranges kept for fiction where the country has one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One country; `national` and `calling` with `###` for the drawn digits give one number in two notations."""

    code: str
    weight: float
    spellings: tuple[str, ...]
    cities: tuple[str, ...]
    national: str
    international: str
    forms: tuple[str, ...]


def _place(
    code: str, weight: float, spellings: str, cities: str, national: str, international: str, forms: str
) -> Place:
    return Place(
        code=code,
        weight=weight,
        spellings=tuple(spellings.split("|")),
        cities=tuple(cities.split("|")),
        national=national,
        international=international,
        forms=tuple(forms.split("|")),
    )


PLACES: tuple[Place, ...] = (
    _place("US", 38, "United States|USA|US|U.S.A.|United States of America|united states", "Boston|Austin|Chicago|Denver|New York|Seattle", "(617) 555-01##", "+1 617-555-01##", "Inc.|LLC|Corp.|Corporation"),
    _place("GB", 11, "United Kingdom|UK|GB|U.K.|Great Britain|England", "London|Leeds|Bristol|Edinburgh", "020 7946 0###", "+44 20 7946 0###", "Ltd|Limited|PLC"),
    _place("DE", 9, "Germany|DE|Deutschland|germany|DEU", "Berlin|München|Köln|Hamburg", "030 23125 ###", "+49 30 23125 ###", "GmbH|AG|GmbH & Co. KG"),
    _place("FR", 6, "France|FR|france|FRA", "Paris|Lyon|Nantes|Orléans", "01 99 00 1# ##", "+33 1 99 00 1# ##", "SA|SAS|SARL"),
    _place("NL", 4, "Netherlands|The Netherlands|NL|Nederland|Holland", "Amsterdam|Utrecht|'s-Hertogenbosch", "020 794 6###", "+31 20 794 6###", "B.V.|N.V."),
    _place("IN", 4, "India|IN|IND|Bharat", "Bengaluru|Pune|Hyderabad", "080 4612 5###", "+91 80 4612 5###", "Pvt. Ltd.|Limited"),
    _place("ES", 3, "Spain|España|ES|Espana", "Madrid|Bilbao|A Coruña", "910 123 ###", "+34 910 123 ###", "S.L.|S.A."),
    _place("IT", 3, "Italy|Italia|IT|ITALY", "Milano|Torino|Forlì", "02 3046 1###", "+39 02 3046 1###", "S.p.A.|S.r.l."),
    _place("SE", 3, "Sweden|Sverige|SE|sweden", "Stockholm|Göteborg|Malmö", "08-465 004 ##", "+46 8 465 004 ##", "AB|Aktiebolag"),
    _place("PL", 3, "Poland|Polska|PL|POL", "Warszawa|Łódź|Kraków", "22 460 1# ##", "+48 22 460 1# ##", "Sp. z o.o.|S.A."),
    _place("BR", 2, "Brazil|Brasil|BR|BRA", "São Paulo|Recife", "(11) 3040-1###", "+55 11 3040-1###", "Ltda.|S.A."),
    _place("JP", 2, "Japan|日本|JP|JPN", "Tokyo|Osaka|京都", "03-4510-1###", "+81 3-4510-1###", "K.K.|株式会社"),
    _place("CZ", 2, "Czechia|Czech Republic|CZ|Česko", "Praha|Brno", "234 701 ###", "+420 234 701 ###", "s.r.o.|a.s."),
    _place("NO", 2, "Norway|Norge|NO|NOR", "Oslo|Tromsø", "22 93 1# ##", "+47 22 93 1# ##", "AS|ASA"),
    _place("MX", 2, "Mexico|México|MX|MEX", "Ciudad de México|Mérida", "55 4166 1###", "+52 55 4166 1###", "S.A. de C.V."),
    _place("TR", 1, "Turkey|Türkiye|TR|Turkiye", "İstanbul|İzmir", "0212 340 1# ##", "+90 212 340 1# ##", "A.Ş."),
    _place("CN", 1, "China|CN|PRC|中国", "Shanghai|深圳", "021 6141 1###", "+86 21 6141 1###", "Co., Ltd."),
    _place("KR", 1, "South Korea|Korea, Republic of|KR|대한민국", "Seoul|부산", "02-6022-1###", "+82 2-6022-1###", "Co., Ltd."),
    _place("IL", 1, "Israel|IL|ישראל", "Tel Aviv|חיפה", "03-915-1###", "+972 3-915-1###", "Ltd."),
    _place("GR", 1, "Greece|Ελλάδα|GR|Hellas", "Athens|Πάτρα", "21 1198 1###", "+30 21 1198 1###", "A.E."),
    _place("UA", 1, "Ukraine|Україна|UA", "Kyiv|Львів", "044 364 1###", "+380 44 364 1###", "LLC"),
    _place("AE", 1, "United Arab Emirates|UAE|U.A.E.|الإمارات", "Dubai|Abu Dhabi", "04 402 1###", "+971 4 402 1###", "LLC|FZE"),
)  # fmt: skip
