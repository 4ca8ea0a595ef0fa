"""Countries where the company sells: their weight, cities, spellings people type, and telephone numbers.

Telephone numbers use ranges kept for fiction where the country has them (US, GB, DE, FR).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One country; in the two notations of a number `{}` stands for the area and every `#` for a digit."""

    code: str
    weight: float
    spellings: tuple[str, ...]
    cities: tuple[str, ...]
    national: str
    international: str
    areas: tuple[str, ...]
    forms: tuple[str, ...]


def _place(
    code: str, weight: float, spellings: str, cities: str, numbers: tuple[str, str], forms: str, areas: str = "|"
) -> Place:
    national, international = numbers
    return Place(
        code=code,
        weight=weight,
        spellings=tuple(spellings.split("|")),
        cities=tuple(cities.split("|")),
        national=national,
        international=international,
        areas=tuple(areas.split("|")),
        forms=tuple(forms.split("|")),
    )


_US_AREAS = (
    "201|202|203|205|206|207|208|209|210|212|213|214|215|216|217|218|219|224|225|228|229|231|234|239|240|248|251|252|"
    "253|254|256|260|262|267|269|270|276|281|301|302|303|304|305|307|308|309|310|312|313|314|315|316|317|318|319|320|"
    "321|323|325|330|334|336|337|339|347|351|352|360|361|386|401|402|404|405|406|407|408|409|410|412|413|414|415|417|"
    "419|423|424|425|430|432|434|435|440|443|469|478|479|480|484|501|502|503|504|505|507|508|509|510|512|513|515|516|"
    "517|518|520|530|540|541|551|559|561|562|563|567|570|571|573|574|580|585|586|601|602|603|605|606|607|608|609|610|"
    "612|614|615|616|617|618|619|620|623|626|630|631|636|641|646|650|651|660|661|662|678|682|701|702|703|704|706|707|"
    "708|712|713|714|715|716|717|718|719|720|724|727|731|732|734|740|754|757|760|763|765|770|772|773|774|775|781|785"
)
_GB_AREAS = (
    "20 7946 0|113 496 0|114 496 0|115 496 0|116 496 0|117 496 0|118 496 0|121 496 0|131 496 0|141 496 0|151 496 0|"
    "161 496 0|191 498 0|29 2018 0|28 9649 6|7700 900"
)
_DE_AREAS = "30 23125|69 90009|40 66969|221 4710|89 99998"
_FR_AREAS = "1 99 00|2 61 91|3 53 01|4 65 71|5 36 49"

PLACES: tuple[Place, ...] = (
    _place(
        "US",
        38,
        "United States|USA|US|U.S.A.|United States of America|united states",
        "Boston|Austin|Chicago|Denver|New York|Seattle",
        ("({}) 555-01##", "+1 {}-555-01##"),
        "Inc.|LLC|Corp.|Corporation",
        _US_AREAS,
    ),
    _place(
        "GB",
        11,
        "United Kingdom|UK|GB|U.K.|Great Britain|England",
        "London|Leeds|Bristol|Edinburgh",
        ("0{}###", "+44 {}###"),
        "Ltd|Limited|PLC",
        _GB_AREAS,
    ),
    _place(
        "DE",
        9,
        "Germany|DE|Deutschland|germany|DEU",
        "Berlin|München|Köln|Hamburg",
        ("0{} ###", "+49 {} ###"),
        "GmbH|AG|GmbH & Co. KG",
        _DE_AREAS,
    ),
    _place(
        "FR",
        6,
        "France|FR|france|FRA",
        "Paris|Lyon|Nantes|Orléans",
        ("0{} ## ##", "+33 {} ## ##"),
        "SA|SAS|SARL",
        _FR_AREAS,
    ),
    _place(
        "NL",
        4,
        "Netherlands|The Netherlands|NL|Nederland|Holland",
        "Amsterdam|Utrecht|'s-Hertogenbosch",
        ("020 79#####", "+31 20 79#####"),
        "B.V.|N.V.",
    ),
    _place(
        "IN",
        4,
        "India|IN|IND|Bharat",
        "Bengaluru|Pune|Hyderabad",
        ("080 461 #####", "+91 80 461 #####"),
        "Pvt. Ltd.|Limited",
    ),
    _place(
        "ES",
        3,
        "Spain|España|ES|Espana",
        "Madrid|Bilbao|A Coruña",
        ("910 1# ## ##", "+34 910 1# ## ##"),
        "S.L.|S.A.",
    ),
    _place(
        "IT",
        3,
        "Italy|Italia|IT|ITALY",
        "Milano|Torino|Forlì",
        ("02 304#####", "+39 02 304#####"),
        "S.p.A.|S.r.l.",
    ),
    _place(
        "SE",
        3,
        "Sweden|Sverige|SE|sweden",
        "Stockholm|Göteborg|Malmö",
        ("08-46# ## ##", "+46 8 46# ## ##"),
        "AB|Aktiebolag",
    ),
    _place(
        "PL",
        3,
        "Poland|Polska|PL|POL",
        "Warszawa|Łódź|Kraków",
        ("22 46# ## ##", "+48 22 46# ## ##"),
        "Sp. z o.o.|S.A.",
    ),
    _place("BR", 2, "Brazil|Brasil|BR|BRA", "São Paulo|Recife", ("(11) 304#-####", "+55 11 304#-####"), "Ltda.|S.A."),
    _place("JP", 2, "Japan|日本|JP|JPN", "Tokyo|Osaka|京都", ("03-451#-####", "+81 3-451#-####"), "K.K.|株式会社"),
    _place(
        "CZ", 2, "Czechia|Czech Republic|CZ|Česko", "Praha|Brno", ("234 7## ###", "+420 234 7## ###"), "s.r.o.|a.s."
    ),
    _place("NO", 2, "Norway|Norge|NO|NOR", "Oslo|Tromsø", ("22 9# ## ##", "+47 22 9# ## ##"), "AS|ASA"),
    _place(
        "MX",
        2,
        "Mexico|México|MX|MEX",
        "Ciudad de México|Mérida",
        ("55 416# ####", "+52 55 416# ####"),
        "S.A. de C.V.",
    ),
    _place(
        "TR",
        1,
        "Turkey|Türkiye|TR|Turkiye",
        "İstanbul|İzmir",
        ("0212 34# ## ##", "+90 212 34# ## ##"),
        "A.Ş.",
    ),
    _place("CN", 1, "China|CN|PRC|中国", "Shanghai|深圳", ("021 614# ####", "+86 21 614# ####"), "Co., Ltd."),
    _place(
        "KR",
        1,
        "South Korea|Korea, Republic of|KR|대한민국",
        "Seoul|부산",
        ("02-602#-####", "+82 2-602#-####"),
        "Co., Ltd.",
    ),
    _place("IL", 1, "Israel|IL|ישראל", "Tel Aviv|חיפה", ("03-91#-####", "+972 3-91#-####"), "Ltd."),
    _place("GR", 1, "Greece|Ελλάδα|GR|Hellas", "Athens|Πάτρα", ("21 119# ####", "+30 21 119# ####"), "A.E."),
    _place("UA", 1, "Ukraine|Україна|UA", "Kyiv|Львів", ("044 36# ####", "+380 44 36# ####"), "LLC"),
    _place(
        "AE",
        1,
        "United Arab Emirates|UAE|U.A.E.|الإمارات",
        "Dubai|Abu Dhabi",
        ("04 40# ####", "+971 4 40# ####"),
        "LLC|FZE",
    ),
)
