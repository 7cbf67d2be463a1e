"""A small made-up company to try the CRM with: its people, their phones, its lines and its funnel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pbx_crm.db import funnels, lines, people, regions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.funnel import PRESETS
from pbx_crm.domain.geocoded_places import countries
from pbx_crm.domain.line import Line, MatchKind
from pbx_crm.domain.person import Role
from pbx_crm.domain.region import NumberRange, painted
from pbx_crm.domain.russian_regions import place_named
from pbx_crm.services.clock import Clock
from pbx_crm.services.staff import PersonForm, Staff

PASSWORD = "practice"  # noqa: S105  # printed at every start; this server listens on loopback only

# The practice PBX has played these numbers from its first day; its calls carry them as their DID.
SHOP, ADVERTISEMENT = "74951230007", "74951230001"
WITH_THEIR_PHONES = timedelta(days=60)
"""How long they have had them: longer than the past that is made up for them."""


# A little of Russia's plan, as far as the practice PBX's callers go; other mobiles tell the country only.
AREAS = {
    "495 499": "Москва",
    "812": "Санкт-Петербург",
    "343": "Свердловская область",
    "383": "Новосибирская область",
    "843": "Республика Татарстан",
    "846": "Самарская область",
    "861": "Краснодарский край",
    "831": "Нижегородская область",
    "473": "Воронежская область",
    "915 916 925 926 977 985": "Москва и Московская область",
    "921": "Санкт-Петербург и Ленинградская область",
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the company; `extension` is their phone on the practice PBX."""

    login: str
    name: str
    role: Role
    extension: str | None = None
    language: str | None = None
    is_admin: bool = False


COMPANY = (
    DemoPerson("olga", "Olga", Role.HEAD),
    DemoPerson("anna", "Anna", Role.SELLER, "101"),
    DemoPerson("boris", "Boris", Role.SELLER, "102"),
    DemoPerson("jimin", "김지민", Role.SELLER, "103", language="ko"),
    DemoPerson("grigori", "Григорий", Role.SELLER, "104", language="ru"),
    DemoPerson("maryam", "مریم", Role.SELLER, "105", language="fa"),
    DemoPerson("lina", "李娜", Role.SELLER, "106", language="zh"),
    DemoPerson("admin", "Peter", Role.NONE, is_admin=True),
)


async def found_company(database: Database, staff: Staff, clock: Clock, pbx: str, currency: str) -> bool:
    """Makes the company in an empty database; False for one that has people already: it is left as it is."""
    if await database.read(people.anybody):
        return False
    await database.write(_furnish, pbx, currency)
    since = clock() - WITH_THEIR_PHONES
    for person in COMPANY:
        await _hire(staff, person, pbx, since)
    return True


async def _hire(staff: Staff, person: DemoPerson, pbx: str, since: datetime) -> None:
    form = PersonForm(person.login, person.name, person.role, person.is_admin, person.language)
    person_id = await staff.add(None, form, PASSWORD)
    if person.extension is not None:
        await staff.link(None, pbx, person.extension, person_id, since)


def _furnish(tx: Transaction, pbx: str, currency: str) -> None:
    funnel = funnels.first(tx, PRESETS[0], currency)
    for name, number, source in (("Shop", SHOP, "Web site"), ("Advertisement", ADVERTISEMENT, "Radio")):
        lines.add(tx, Line(None, pbx, name, MatchKind.DID, number, source, funnel.id))
    lines.add(tx, Line(None, pbx, "Everything else", MatchKind.ANY, "", "", funnel.id))
    plan = [
        NumberRange.between(f"7{code}", f"7{code}", place_named(name))
        for codes, name in AREAS.items()
        for code in codes.split()
    ]
    regions.store(tx, painted([countries(), plan]))
