"""Given and family names of many countries and scripts, each with the Latin spelling an e-mail address would use.

A name written `Ελένη=eleni` is shown as the first and spelt in addresses as the second.
"""

# ruff: noqa: RUF001 - letters of other scripts are the point of this file

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NameStock:
    """Names common in one country: as written, and as spelt in Latin letters."""

    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]


_NO_ACCENT_TO_DROP = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "ı": "i"})


def _spelt(name: str) -> tuple[str, str]:
    shown, _, latin = name.partition("=")
    bare = unicodedata.normalize("NFKD", shown.lower().translate(_NO_ACCENT_TO_DROP))
    return shown, latin or "".join(letter for letter in bare if letter.isascii() and letter.isalpha())


def _stock(given: str, family: str) -> NameStock:
    return NameStock(
        tuple(_spelt(name) for name in given.split()), tuple(_spelt(name.replace("_", " ")) for name in family.split())
    )


NAMES: dict[str, NameStock] = {
    "US": _stock(
        "James Mary Robert Patricia Michael Linda David Barbara Ashley Kevin Brenda Tyrone Keisha Jose Emily Daniel "
        "Hannah Marcus Samantha Joshua",
        "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Wilson Anderson Taylor Moore Jackson Martin "
        "Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores "
        "Green Adams Nelson Baker Hall Rivera Campbell Mitchell",
    ),
    "GB": _stock(
        "Oliver Amelia George Isla Harry Olivia Jack Poppy Alistair Fiona Rhys Siân Nigel Philippa Gareth Imogen",
        "Smith Jones Evans Taylor Wilson Davies O'Brien Thompson Wright Walker Hughes Green Lewis Edwards Patel Hall "
        "MacDonald Fraser Llewellyn Ashworth Pemberton Fitzgerald Singh Begum Khan St_John",
    ),
    "DE": _stock(
        "Lukas Anna Jürgen Käthe Björn Sabine Wolfgang Ursula Tobias Heike Matthias Jörg Anneliese Götz Sören Ilse",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein "
        "Wolf Schröder Neumann Groß Weiß Krüger Jäger von_Hagen Böhm Vogt",
    ),
    "FR": _stock(
        "Jean-Luc Marie Étienne Chloé Benoît Hélène François Amélie Théo Zoé Gaëlle Loïc Aurélie Rémi Inès Noël",
        "Martin Bernard Thomas Petit Robert Richard Durand Leroy Moreau Simon Laurent Lefèvre Michel Roux David "
        "Bertrand Morel Fournier Girard Bonnet Dupont-Aignan Lambert D'Aubigné Rousseau",
    ),
    "ES": _stock(
        "José María Íñigo Begoña Javier Lucía Álvaro Nuria Raúl Pilar Ramón Inés Gonzalo Concepción Óscar Marta",
        "García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz "
        "Muñoz Álvarez Ibáñez Núñez de_la_Fuente Ortega",
    ),
    "MX": _stock(
        "Guadalupe Juan Alejandra Miguel Fernanda Luis Xóchitl Carlos Ximena Jesús Itzel Eduardo",
        "Hernández García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez Morales Vázquez",
    ),
    "IT": _stock(
        "Giuseppe Chiara Niccolò Francesca Matteo Giulia Alessandro Sofia Davide Elisabetta Pietro Nicolò",
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti De_Luca D'Angelo",
    ),
    "NL": _stock(
        "Daan Sanne Bram Femke Joost Lieke Maarten Anouk Thijs Marloes Pieter Noortje",
        "de_Jong Jansen de_Vries van_den_Berg Bakker van_Dijk Visser Smit Meijer de_Boer Mulder de_Groot Bos Vos",
    ),
    "SE": _stock(
        "Erik Åsa Björn Linnéa Göran Malin Håkan Saga Johan Ebba Östen Elin",
        "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Åström Öberg Sjögren",
    ),
    "NO": _stock(
        "Øyvind Ingrid Håkon Solveig Bjørn Astrid Magnus Sigrid Kåre Tuva",
        "Hansen Johansen Olsen Larsen Andersen Nilsen Bakke Lie Sørensen Ødegård Haugen Strand",
    ),
    "PL": _stock(
        "Łukasz Małgorzata Paweł Agnieszka Krzysztof Żaneta Grzegorz Katarzyna Wojciech Świętosława Michał Jadwiga",
        "Nowak Kowalska Wiśniewski Wójcik Kowalczyk Kamińska Lewandowski Zielińska Szymański Woźniak Dąbrowska "
        "Kozłowski Jabłońska Źrebiec",
    ),
    "CZ": _stock(
        "Jiří Kateřina Tomáš Zdeňka Ondřej Markéta Vojtěch Alžběta Luboš Božena",
        "Novák Svobodová Dvořák Černá Procházka Kučerová Veselý Krejčí Horáková Němec",
    ),
    "TR": _stock(
        "Mehmet Ayşe Çağlar Gülşen İbrahim=ibrahim Şebnem Oğuz Ömer Yağmur Işıl",
        "Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydın Özdemir Arslan Doğan",
    ),
    "GR": _stock(
        "Ελένη=eleni Γιώργος=giorgos Μαρία=maria Δημήτρης=dimitris Κατερίνα=katerina Νίκος=nikos",
        "Παπαδόπουλος=papadopoulos Νικολάου=nikolaou Γεωργίου=georgiou Ιωάννου=ioannou Βασιλείου=vasileiou",
    ),
    "UA": _stock(
        "Олександр=oleksandr Оксана=oksana Тарас=taras Наталія=nataliia Ігор=ihor Юлія=yuliia",
        "Шевченко=shevchenko Коваленко=kovalenko Бондаренко=bondarenko Мельник=melnyk Ткаченко=tkachenko",
    ),
    "JP": _stock(
        "健太=kenta 美咲=misaki 大輔=daisuke 優子=yuko 翔太=shota 陽菜=hina",
        "佐藤=sato 鈴木=suzuki 高橋=takahashi 田中=tanaka 渡辺=watanabe 伊藤=ito 山本=yamamoto",
    ),
    "CN": _stock(
        "伟=wei 芳=fang 娜=na 敏=min 静=jing 磊=lei 洋=yang 艳=yan",
        "王=wang 李=li 张=zhang 刘=liu 陈=chen 杨=yang 赵=zhao 黄=huang",
    ),
    "KR": _stock(
        "민준=minjun 서연=seoyeon 지훈=jihoon 수빈=subin 현우=hyunwoo", "김=kim 이=lee 박=park 최=choi 정=jung 강=kang"
    ),
    "IL": _stock(
        "דוד=david שרה=sarah יוסף=yosef נועה=noa איתן=eitan", "כהן=cohen לוי=levi מזרחי=mizrahi פרץ=peretz ביטון=biton"
    ),
    "AE": _stock(
        "محمد=mohammed فاطمة=fatima أحمد=ahmed مريم=maryam خالد=khalid",
        "الهاشمي=alhashimi المنصوري=almansoori العلي=alali حداد=haddad",
    ),
    "IN": _stock(
        "Priya Arjun Lakshmi Rahul Ananya Vikram Deepika Sanjay Kavya Rohan Venkatesh Meera",
        "Sharma Patel Reddy Iyer Singh Gupta Kumar Nair Banerjee Chatterjee Rao Desai Krishnamurthy",
    ),
    "BR": _stock(
        "João Ana Antônio Conceição Luís Márcia Thiago Letícia Gabriel Fabrício",
        "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gonçalves da_Conceição",
    ),
}
