"""A small company on a real Asterisk: teams of sellers with phones, one provider, our dialplan samples.

A team is one digit, so that several stories can be played at once without meeting: team 2 has sellers
201–206, queues 290 and 291 and the public numbers 74952230001 and so on (etc/extensions.conf).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType

from tests.parts.asterisk import AsteriskPart
from tests.parts.loopback import LoopbackNetwork
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import Party

HERE = Path(__file__).parent
DIALPLAN = HERE.parents[1] / "dialplan"
TEAMS = (2, 3, 4, 5, 6, 7, 8, 9)
SELLERS = (1, 2, 3, 4, 5, 6)
NAMES = ("Анна Смирнова", "Борис Орлов", "Вера Ким", "Глеб Зуев", "Дарья Ли", "Егор Белов")
TRUNK = "trunk-main"
SECRET = "lab-secret"
SOUNDS = (
    "beep",
    "vm-intro",
    "vm-goodbye",
    "vm-theperson",
    "vm-isunavail",
    "vm-isonphone",
    "auth-thankyou",
    "pbx-transfer",
    "pbx-invalid",
    "pbx-parkingfailed",
    "beeperr",
    "privacy-incorrect",
    "conf-onlyperson",
    "conf-hasjoin",
    "conf-hasleft",
    "lab-menu",
    *(f"digits/{digit}" for digit in range(10)),
)


class Team:
    """Six sellers who share a queue, a ring group and a pickup group."""

    def __init__(self, digit: int, phones: list[Party], provider: Party) -> None:
        self.digit = digit
        self.phones = phones
        self.provider = provider

    def phone(self, seller: int) -> Party:
        """The phone of seller 1 to 6."""
        return self.phones[seller - 1]

    def public(self, kind: str) -> str:
        """The public number behind which this happens (`01` one seller, `10` queue …)."""
        return f"7495{self.digit}2300{kind}"

    def queue(self, number: int = 0) -> str:
        """The name of the team's queue."""
        return f"{self.digit}9{number}"

    def client(self, suffix: str = "00") -> str:
        """The number of a client nobody else in this run has."""
        return f"791{self.digit}55501{suffix}"

    def calls_in(self, kind: str, caller: str, name: str = "") -> Dialog:
        """A client calls one of the team's public numbers."""
        return self.provider.dial(self.public(kind), caller=caller, caller_name=name)

    def rung(self, since: float) -> list[Dialog]:
        """Every call the team's phones got since then, in order."""
        got = [d for phone in self.phones for d in phone.dialogs.values() if d.invite is not None]
        return sorted((d for d in got if d.started_at >= since), key=lambda d: d.started_at)


class Company:
    """The running PBX with every phone switched on."""

    def __init__(self, major: int = 22, *, systemname: str = "") -> None:
        self.network = LoopbackNetwork()
        self.asterisk = AsteriskPart(major)
        self._systemname = systemname
        pbx = self.network.pbx
        self.provider = Party(TRUNK, self.network.host(1, 1), pbx)
        self.teams = {
            team: Team(
                team,
                [Party(f"{team}0{n}", self.network.host(team, n), pbx) for n in SELLERS],
                self.provider,
            )
            for team in TEAMS
        }

    @property
    def parties(self) -> list[Party]:
        """The provider and every phone."""
        return [self.provider, *(phone for team in self.teams.values() for phone in team.phones)]

    async def open(self) -> None:
        """Starts Asterisk and switches the phones on."""
        self.configure()
        await asyncio.gather(*(party.open() for party in self.parties))
        await asyncio.to_thread(self.asterisk.start)

    def configure(self) -> None:
        """Writes the PBX's configuration: ours from etc/, the shipped samples, the teams."""
        files = {path.name: path.read_text(encoding="utf-8") for path in (HERE / "etc").glob("*.conf")}
        files |= shipped_samples(self.asterisk.major)
        files |= {
            "asterisk.conf": self.asterisk.asterisk_conf(self._systemname),
            "logger.conf": "[general]\n[logfiles]\nmessages.log => notice,warning,error\n",
            "rtp.conf": "[general]\nrtpstart = 10000\nrtpend = 20000\nicesupport = no\n",
            "http.conf": "[general]\nenabled = no\n",
            "manager.conf": _manager_conf(self.network.pbx),
            "pjsip.conf": self._pjsip(),
            "queues.conf": self._queues(),
            "voicemail.conf": self._voicemail(),
        }
        self.asterisk.write(files)
        self.asterisk.write_sounds(SOUNDS)

    async def close(self) -> None:
        """Switches everything off."""
        await asyncio.gather(*(party.close() for party in self.parties))
        await asyncio.to_thread(self.asterisk.stop)
        self.network.close()

    async def __aenter__(self) -> Company:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _pjsip(self) -> str:
        pbx = self.network.pbx
        phones = [
            _endpoint(phone, "phone", f'callerid = "{name}" <{phone.name}>', f"call_group = {team.digit}",
                      f"pickup_group = {team.digit}", f"mailboxes = {phone.name}@default")
            for team in self.teams.values()
            for phone, name in zip(team.phones, NAMES, strict=True)
        ]  # fmt: skip
        return "\n".join([_PJSIP_GROUND.format(pbx=pbx), *phones, _endpoint(self.provider, "provider")])

    def _queues(self) -> str:
        queues = []
        for digit in self.teams:
            members = [f"member => PJSIP/{digit}0{n}" for n in (1, 2, 3)]
            queues += [f"[{digit}90](ringall)", *members]
        return "\n".join([_QUEUES_GROUND, *queues, ""])

    def _voicemail(self) -> str:
        boxes = [f"{phone.name} => 1234,{phone.name}" for t in self.teams.values() for phone in t.phones]
        return "\n".join(
            ["[general]", "format = wav", "minsecs = 0", "maxsilence = 0", "[default]", *boxes, ""]
        )


def shipped_samples(major: int = 22) -> dict[str, str]:
    """The files an admin includes, by the name they have in /etc/asterisk, the secret filled in."""
    directories = [DIALPLAN / "asterisk"] + ([DIALPLAN / "asterisk-16"] if major < 18 else [])
    texts = {
        str(path.relative_to(directory)): path.read_text(encoding="utf-8")
        for directory in directories
        for path in directory.rglob("*.conf")
    }
    return {name: text.replace(";secret =", f"secret = {SECRET}") for name, text in texts.items()}


def _endpoint(party: Party, template: str, *lines: str) -> str:
    user = "" if template == "provider" else f"{party.name}@"
    return "\n".join(
        [
            f"[{party.name}]({template})",
            f"aors = {party.name}",
            *lines,
            f"[{party.name}]",
            "type = aor",
            f"contact = sip:{user}{party.address}:5060",
            f"[{party.name}-address]",
            "type = identify",
            f"endpoint = {party.name}",
            f"match = {party.address}/32",
            "",
        ]
    )


def _manager_conf(pbx: str) -> str:
    return f"""[general]
enabled = yes
bindaddr = {pbx}
port = 5038

; Sees and may do everything: for recordings with all classes, and for what a person does with the CLI.
[everything]
secret = {SECRET}
read = all
write = all
writetimeout = 10000

#include "manager.d/*.conf"
"""


_PJSIP_GROUND = """[udp]
type = transport
protocol = udp
bind = {pbx}:5060

[side](!)
type = endpoint
disallow = all
allow = alaw
direct_media = no
dtmf_mode = info
identify_by = ip
media_address = {pbx}
bind_rtp_to_media_address = yes
; The provider's asserted numbers are believed, as most companies have it.
trust_id_inbound = yes

[phone](!,side)
context = from-internal

[provider](!,side)
context = from-trunk
"""

_QUEUES_GROUND = """[general]
persistentmembers = no
shared_lastcall = no

[ringall](!)
strategy = ringall
timeout = 15
retry = 1
ringinuse = no
joinempty = yes
"""
