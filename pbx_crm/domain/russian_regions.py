"""The regions of Russia's register of numbers: their English names and what their clocks show.

The register writes a region in several ways (`г. Омск|Омская обл.`, `Омская область`) and joins two where
numbers serve both (`г. Москва и Московская область`). They are told by the stem of the name.
"""

from __future__ import annotations

import re

from pbx_crm.domain.region import Place

RUSSIA = "RU"
WHOLE_COUNTRY = "российская федерация"
# Zone: stem (a pattern), name in English, name in Russian. Zones as the tz database has them.
_BY_ZONE = {
    "Europe/Kaliningrad": (("калининградск", "Kaliningrad Oblast", "Калининградская область"),),
    "Europe/Moscow": (
        (r"москва\b", "Moscow", "Москва"),
        ("московск", "Moscow Oblast", "Московская область"),
        ("санкт-петербург", "Saint Petersburg", "Санкт-Петербург"),
        ("ленинградск", "Leningrad Oblast", "Ленинградская область"),
        ("адыге", "Adygea", "Адыгея"),
        ("архангельск", "Arkhangelsk Oblast", "Архангельская область"),
        ("белгородск", "Belgorod Oblast", "Белгородская область"),
        ("брянск", "Bryansk Oblast", "Брянская область"),
        ("владимирск", "Vladimir Oblast", "Владимирская область"),
        ("вологодск", "Vologda Oblast", "Вологодская область"),
        ("воронежск", "Voronezh Oblast", "Воронежская область"),
        ("дагестан", "Dagestan", "Дагестан"),
        ("ивановск", "Ivanovo Oblast", "Ивановская область"),
        ("ингуш", "Ingushetia", "Ингушетия"),
        ("кабардино", "Kabardino-Balkaria", "Кабардино-Балкария"),
        ("калмык", "Kalmykia", "Калмыкия"),
        ("калужск", "Kaluga Oblast", "Калужская область"),
        ("карачаево", "Karachay-Cherkessia", "Карачаево-Черкесия"),
        ("карел", "Karelia", "Карелия"),
        (r"коми\b", "Komi", "Коми"),
        ("костромск", "Kostroma Oblast", "Костромская область"),
        ("краснодарск", "Krasnodar Krai", "Краснодарский край"),
        ("курск", "Kursk Oblast", "Курская область"),
        ("липецк", "Lipetsk Oblast", "Липецкая область"),
        (r"мари(?:й|\b)", "Mari El", "Марий Эл"),
        ("мордов", "Mordovia", "Мордовия"),
        ("мурманск", "Murmansk Oblast", "Мурманская область"),
        (r"(?<!ямало-)ненецк", "Nenets Okrug", "Ненецкий автономный округ"),
        ("нижегородск", "Nizhny Novgorod Oblast", "Нижегородская область"),
        ("новгородск", "Novgorod Oblast", "Новгородская область"),
        ("орловск", "Oryol Oblast", "Орловская область"),
        ("осети", "North Ossetia", "Северная Осетия"),
        ("пензенск", "Penza Oblast", "Пензенская область"),
        ("псковск", "Pskov Oblast", "Псковская область"),
        ("ростовск", "Rostov Oblast", "Ростовская область"),
        ("рязанск", "Ryazan Oblast", "Рязанская область"),
        ("смоленск", "Smolensk Oblast", "Смоленская область"),
        ("ставропольск", "Stavropol Krai", "Ставропольский край"),
        ("тамбовск", "Tambov Oblast", "Тамбовская область"),
        ("татарстан", "Tatarstan", "Татарстан"),
        ("тверск", "Tver Oblast", "Тверская область"),
        ("тульск", "Tula Oblast", "Тульская область"),
        ("чеч[ен]", "Chechnya", "Чечня"),
        ("чуваш", "Chuvashia", "Чувашия"),
        ("ярославск", "Yaroslavl Oblast", "Ярославская область"),
    ),
    "Europe/Kirov": (("кировск", "Kirov Oblast", "Кировская область"),),
    "Europe/Volgograd": (("волгоградск", "Volgograd Oblast", "Волгоградская область"),),
    "Europe/Astrakhan": (("астраханск", "Astrakhan Oblast", "Астраханская область"),),
    "Europe/Saratov": (("саратовск", "Saratov Oblast", "Саратовская область"),),
    "Europe/Ulyanovsk": (("ульяновск", "Ulyanovsk Oblast", "Ульяновская область"),),
    "Europe/Samara": (
        ("самарск", "Samara Oblast", "Самарская область"),
        ("удмурт", "Udmurtia", "Удмуртия"),
    ),
    "Asia/Yekaterinburg": (
        ("башкортостан", "Bashkortostan", "Башкортостан"),
        ("курганск", "Kurgan Oblast", "Курганская область"),
        ("оренбургск", "Orenburg Oblast", "Оренбургская область"),
        ("пермск", "Perm Krai", "Пермский край"),
        ("свердловск", "Sverdlovsk Oblast", "Свердловская область"),
        ("тюменск", "Tyumen Oblast", "Тюменская область"),
        ("ханты", "Khanty-Mansi Okrug", "Ханты-Мансийский автономный округ"),
        ("челябинск", "Chelyabinsk Oblast", "Челябинская область"),
        ("ямало", "Yamalo-Nenets Okrug", "Ямало-Ненецкий автономный округ"),
    ),
    "Asia/Omsk": (("омск", "Omsk Oblast", "Омская область"),),
    "Asia/Novosibirsk": (("новосибирск", "Novosibirsk Oblast", "Новосибирская область"),),
    "Asia/Barnaul": (
        (r"алтай\b", "Altai", "Алтай"),
        ("алтайск", "Altai Krai", "Алтайский край"),
    ),
    "Asia/Tomsk": (("томск", "Tomsk Oblast", "Томская область"),),
    "Asia/Novokuznetsk": (("кемеровск", "Kemerovo Oblast", "Кемеровская область"),),
    "Asia/Krasnoyarsk": (
        ("красноярск", "Krasnoyarsk Krai", "Красноярский край"),
        ("т[уы]ва", "Tuva", "Тува"),
        ("хакас", "Khakassia", "Хакасия"),
    ),
    "Asia/Irkutsk": (
        ("бурят", "Buryatia", "Бурятия"),
        ("иркутск", "Irkutsk Oblast", "Иркутская область"),
    ),
    "Asia/Chita": (("забайкальск", "Zabaykalsky Krai", "Забайкальский край"),),
    "Asia/Yakutsk": (("амурск", "Amur Oblast", "Амурская область"),),
    # Three zones lie in one region: which of them a number is in, nobody can tell by it.
    "Asia/Yakutsk Asia/Vladivostok Asia/Srednekolymsk": ((r"саха\b", "Sakha (Yakutia)", "Саха (Якутия)"),),
    "Asia/Vladivostok": (
        ("еврейск", "Jewish Oblast", "Еврейская автономная область"),
        ("приморск", "Primorsky Krai", "Приморский край"),
        ("хабаровск", "Khabarovsk Krai", "Хабаровский край"),
    ),
    "Asia/Sakhalin": (("сахалинск", "Sakhalin Oblast", "Сахалинская область"),),
    "Asia/Magadan": (("магаданск", "Magadan Oblast", "Магаданская область"),),
    "Asia/Kamchatka": (("камчатск", "Kamchatka Krai", "Камчатский край"),),
    "Asia/Anadyr": (("чукот", "Chukotka", "Чукотка"),),
}
SUBJECTS = tuple(
    (re.compile(rf"(?<![а-яё]){stem}"), Place(RUSSIA, name, local_name, tuple(zones.split())))
    for zones, subjects in _BY_ZONE.items()
    for stem, name, local_name in subjects
)


def place_named(text: str) -> Place:
    """The region that the register's column names; one it does not know is taken as it is written."""
    subject = " ".join(text.rpartition("|")[2].split())
    lowered = subject.casefold()
    if lowered == WHOLE_COUNTRY:
        return Place(RUSSIA)
    found = [place for pattern, place in SUBJECTS if pattern.search(lowered)]
    if not found:
        return Place(RUSSIA, subject, subject)
    return Place(
        RUSSIA,
        " and ".join(place.name for place in found),
        " и ".join(place.local_name for place in found),
        tuple(dict.fromkeys(zone for place in found for zone in place.zones)),
    )
