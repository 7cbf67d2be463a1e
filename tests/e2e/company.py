"""A small company on a real Asterisk: teams of sellers with phones, one provider, our dialplan samples.

A team is one digit, so that several stories can be played at once without meeting: team 2 has sellers
201–206, queues 290 and 291 and the public numbers 74952230001 and so on (etc/extensions.conf).
"""

from __future__ import annotations

import asyncio
from itertools import chain
from types import TracebackType

from tests.e2e import company_config as config
from tests.parts.asterisk import AsteriskPart
from tests.parts.loopback import LoopbackNetwork
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import Party

TEAMS = (2, 3, 4, 5, 6, 7, 8, 9)
SELLERS = (1, 2, 3, 4, 5, 6)
TRUNK = "trunk-main"
OTHER_TRUNKS = ("4951112233", "provider.ru-1")
"""Endpoint names that look like a number and like a channel name."""
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
    "tt-somethingwrong",
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
    """The running PBX with every phone switched on; keys go as INFO requests, or all of them in RTP."""

    def __init__(self, major: int = 22, *, systemname: str = "", keys_in_rtp: bool = False) -> None:
        self.network = LoopbackNetwork()
        self._keys_in_rtp = keys_in_rtp
        self.asterisk = AsteriskPart(major)
        self._systemname = systemname
        pbx = self.network.pbx
        self.provider = Party(TRUNK, self.network.host(1, 1), pbx)
        self.other_providers = {
            name: Party(name, self.network.host(1, number), pbx)
            for number, name in enumerate(OTHER_TRUNKS, start=2)
        }
        self.teams = {
            team: Team(
                team,
                [Party(f"{team}0{n}", self.network.host(team, n), pbx) for n in SELLERS],
                self.provider,
            )
            for team in TEAMS
        }
        for party in self.parties:
            party.keys_in_rtp = keys_in_rtp

    @property
    def providers(self) -> list[Party]:
        """The main provider and the others."""
        return [self.provider, *self.other_providers.values()]

    @property
    def parties(self) -> list[Party]:
        """Every provider and every phone."""
        return [*self.providers, *(phone for team in self.teams.values() for phone in team.phones)]

    async def open(self) -> None:
        """Starts Asterisk and switches the phones on."""
        self.configure()
        await asyncio.gather(*(party.open() for party in self.parties))
        await asyncio.to_thread(self.asterisk.start)

    def configure(self) -> None:
        """Writes the PBX's configuration: ours from etc/, the shipped samples, the teams."""
        phones = {digit: team.phones for digit, team in self.teams.items()}
        pbx = self.network.pbx
        files = config.our_files() | config.shipped_samples(self.asterisk.major)
        files |= {
            "asterisk.conf": self.asterisk.asterisk_conf(self._systemname),
            "logger.conf": "[general]\n[logfiles]\nmessages.log => notice,warning,error\n",
            "rtp.conf": "[general]\nrtpstart = 10000\nrtpend = 20000\nicesupport = no\n",
            "http.conf": "[general]\nenabled = no\n",
            "manager.conf": config.manager_conf(pbx),
            "pjsip.conf": config.pjsip_conf(
                pbx, phones, self.providers, "rfc4733" if self._keys_in_rtp else "info"
            ),
            "queues.conf": config.queues_conf(self.teams),
            "voicemail.conf": config.voicemail_conf(chain.from_iterable(phones.values())),
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
