"""A world: one company's numbers, names and habits. No two share an extension, a trunk, a context."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DIALPLANS = Path(__file__).parent / "dialplans"
PLACE = re.compile(r"<<(\w+)>>")


@dataclass(frozen=True, slots=True)
class World:
    """What an admin chose once; the dialplan of this shape is filled in from it."""

    name: str
    shape: str
    """`office`: a small dialplan written by hand; `exchange`: chains of subroutines and Local channels."""
    sellers: tuple[str, str, str, str, str, str]
    extension: str
    """The pattern of the sellers' extensions, `2XX`."""
    did: str
    """Public numbers without their last two digits, which say what happens to the call."""
    trunk: str
    spare: str
    incoming: str
    internal: str
    queues: tuple[str, str, str, str]
    queue_numbers: tuple[str, str, str, str]
    any_queue: str
    group: str
    room: str
    nobody: str
    parking: str
    """What a client is transferred to in order to be parked; the first space is one more."""
    mobile: str
    company: str
    client: str
    """A client's number, `{}` standing for four digits that nobody else has."""
    major: int = 22
    driver: str = "PJSIP"
    prefix: str = ""
    """What sellers dial before an outside number."""
    systemname: str = ""
    told: str = ""
    """Lines for [general] of manager.conf: what each event tells beside its own headers."""

    @property
    def park_space(self) -> str:
        """Where the first parked client waits."""
        return str(int(self.parking) + 1)

    def dialled(self, number: str) -> str:
        """What a seller dials to reach this outside number."""
        return self.prefix + number.lstrip("+")

    def public(self, service: str) -> str:
        """The public number behind which this happens (`01` the first seller, `10` the queue …)."""
        return self.did + service

    def dialplan(self, second_phone: str) -> str:
        """The text of extensions.conf; the first seller has another device at this address."""
        text = (DIALPLANS / f"{self.shape}.conf").read_text(encoding="utf-8")
        words = self._words() | {"DEVICES1": self._devices(second_phone)}
        return PLACE.sub(lambda place: words[place[1]], text)

    def _words(self) -> dict[str, str]:
        words = {
            "IN": self.incoming,
            "INT": self.internal,
            "DID": self.did,
            "TECH": self.driver,
            "TRUNK": self.trunk,
            "SPARE": self.spare,
            "EXT": f"_{self.extension}",
            "BARE": self.extension,
            "QANY": self.any_queue,
            "GROUP": self.group,
            "ROOM": self.room,
            "NOBODY": self.nobody,
            "MOBILE": self.mobile,
            "COMPANY": self.company,
            "OUT": self.prefix,
            "STRIP": str(len(self.prefix)),
            "PICKUP": self._pickup(),
            "TO": "PJSIP_HEADER(read,To)" if self.driver == "PJSIP" else "SIP_HEADER(To)",
        }
        words |= {f"S{n}": seller for n, seller in enumerate(self.sellers, 1)}
        words |= {f"Q{n}": queue for n, queue in enumerate(self.queues, 1)}
        return words | {f"Q{n}X": number for n, number in enumerate(self.queue_numbers, 1)}

    def _devices(self, second_phone: str) -> str:
        first = f"{self.driver}/{self.sellers[0]}"
        another = f"{first}/sip:{self.sellers[0]}@{second_phone}:5060"
        return f"{first}&{another}" if self.driver == "PJSIP" else first

    def _pickup(self) -> str:
        if self.shape == "exchange":
            return "Pickup(${EXTEN:2}@PICKUPMARK)"
        return f"PickupChan({self.driver}/${{EXTEN:2}},p)"


HQ = World(
    name="hq",
    shape="exchange",
    systemname="hq-old.2",
    sellers=("201", "202", "203", "204", "205", "206"),
    extension="20X",
    did="49511122",
    trunk="4951112233",
    spare="provider.ru-1",
    incoming="from-pstn-custom",
    internal="from-internal",
    queues=("400", "401", "402", "403"),
    queue_numbers=("400", "401", "402", "403"),
    any_queue="40X",
    group="600",
    room="7700",
    nobody="299",
    parking="70",
    mobile="89035550205",
    company="4951112233",
    client="7926410{}",
)
PLANT = World(
    name="plant",
    shape="office",
    sellers=("1001", "1002", "1003", "1004", "1005", "1006"),
    extension="100X",
    did="+78123330",
    trunk="provider.ru-1",
    spare="gsm_gate",
    incoming="sipnet-incoming",
    internal="office",
    queues=("sales", "service_desk", "sales-local", "vip"),
    queue_numbers=("5001", "5002", "5003", "5004"),
    any_queue="500X",
    group="6000",
    room="8800",
    nobody="1999",
    parking="7000",
    mobile="89117770606",
    company="78123330000",
    client="+7921555{}",
    prefix="9",
    told="timestampevents = yes\nchannelvars = FROM_DID,MIXMONITOR_FILENAME",
)
SHOP = World(
    name="shop",
    shape="office",
    sellers=("11", "12", "13", "14", "15", "16"),
    extension="1X",
    did="38044599",
    trunk="kyivtel-out_2",
    spare="backup",
    incoming="city-lines",
    internal="phones",
    queues=("91", "92", "93", "94"),
    queue_numbers=("91", "92", "93", "94"),
    any_queue="9X",
    group="60",
    room="55",
    nobody="29",
    parking="70",
    mobile="380671112233",
    company="380445990000",
    client="38050777{}",
)
BANK = World(
    name="bank",
    shape="exchange",
    major=16,
    driver="SIP",
    sellers=("3101", "3102", "3103", "3104", "3105", "3106"),
    extension="310X",
    did="88002005",
    trunk="SIP_provider.ru-1",
    spare="4957778899",
    incoming="from-trunk-sip",
    internal="from-inside",
    queues=("3900", "3901", "3902", "3903"),
    queue_numbers=("3900", "3901", "3902", "3903"),
    any_queue="390X",
    group="3600",
    room="3777",
    nobody="3199",
    parking="3700",
    mobile="89265550101",
    company="88002005000",
    client="8495223{}",
)
DEPOT = World(
    name="depot",
    shape="office",
    major=16,
    systemname="depot-1",
    sellers=("501", "502", "503", "504", "505", "506"),
    extension="50X",
    did="73432280",
    trunk="4997654321",
    spare="trunk-b",
    incoming="ext-in",
    internal="staff",
    queues=("q-main", "q-second", "q-local", "q-vip"),
    queue_numbers=("810", "811", "812", "813"),
    any_queue="81X",
    group="860",
    room="870",
    nobody="599",
    parking="880",
    mobile="79122223344",
    company="73432280000",
    client="79122{}55",
    told="channelvars = FROM_DID",
)
FARM = World(
    name="farm",
    shape="office",
    major=16,
    driver="SIP",
    sellers=("21", "22", "23", "24", "25", "26"),
    extension="2X",
    did="48605600",
    trunk="gw_city",
    spare="gw_gsm",
    incoming="outside",
    internal="users",
    queues=("80", "81", "82", "83"),
    queue_numbers=("80", "81", "82", "83"),
    any_queue="8X",
    group="60",
    room="66",
    nobody="49",
    parking="70",
    mobile="48605111222",
    company="4860560000",
    client="4860700{}",
    prefix="0",
)
WORLDS = {world.name: world for world in (HQ, PLANT, SHOP, BANK, DEPOT, FARM)}
