"""A world that runs: its Asterisk, its sellers' phones and its two providers with the clients behind them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import TracebackType

from tests.e2e.record_tapes.configuration import Side, files
from tests.e2e.record_tapes.world import World
from tests.parts.asterisk import AsteriskPart
from tests.parts.loopback import LoopbackNetwork
from tests.parts.sip.party import Party

NAMES = ("Ольга Ник", "Igor Hnatiuk", "Marta Kos", "Юлия Д'Арк", "Ivan Ivanov", "Пётр Щукин")
SOUNDS = (
    "beep", "beeperr", "vm-intro", "vm-goodbye", "vm-theperson", "vm-isunavail", "vm-isonphone", "vm-login",
    "vm-youhave", "vm-no", "vm-messages", "vm-opts", "vm-helpexit", "vm-first", "vm-INBOX", "vm-onefor",
    "vm-Old", "vm-and", "auth-thankyou", "pbx-transfer", "pbx-invalid", "pbx-parkingfailed",
    "privacy-incorrect", "conf-onlyperson", "conf-hasjoin", "conf-hasleft", "lab-menu",
    "followme/call-from", "followme/no-recording", "followme/options", "followme/pls-hold-while-try",
    "followme/status", "followme/sorry", *(f"digits/{digit}" for digit in range(10)),
)  # fmt: skip
ANNOUNCEMENT_SECONDS = 1.5
ULAW_RATE = 8000


@dataclass
class RunningWorld:
    """Use it as an asynchronous context: everything is switched on inside it."""

    world: World
    network: LoopbackNetwork = field(init=False)
    asterisk: AsteriskPart = field(init=False)
    phones: list[Party] = field(init=False)
    second_phone: Party = field(init=False)
    """Another device of the first seller (PJSIP only)."""
    provider: Party = field(init=False)
    spare: Party = field(init=False)

    def __post_init__(self) -> None:
        self.network = LoopbackNetwork()
        self.asterisk = AsteriskPart(self.world.major)
        pbx = self.network.pbx
        self.phones = [
            Party(name, self.network.host(2, number), pbx)
            for number, name in enumerate(self.world.sellers, 1)
        ]
        self.second_phone = Party(self.world.sellers[0], self.network.host(3, 1), pbx)
        self.provider = Party(self.world.trunk, self.network.host(1, 1), pbx)
        self.spare = Party(self.world.spare, self.network.host(1, 2), pbx)

    @property
    def parties(self) -> list[Party]:
        """Everybody with an address."""
        return [self.provider, self.spare, self.second_phone, *self.phones]

    async def __aenter__(self) -> RunningWorld:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def _open(self) -> None:
        texts = files(self.world, self.asterisk, self.network.pbx, self._sides(), self.second_phone.address)
        self.asterisk.write(texts)
        self.asterisk.write_sounds(SOUNDS)
        sound = self.asterisk.home / "data/sounds/en/lab-announcement.ulaw"
        sound.write_bytes(b"\xff" * int(ULAW_RATE * ANNOUNCEMENT_SECONDS))
        await asyncio.gather(*(party.open() for party in self.parties))
        await asyncio.to_thread(self.asterisk.start)

    async def _close(self) -> None:
        await asyncio.gather(*(party.close() for party in self.parties))
        await asyncio.to_thread(self.asterisk.stop)
        self.network.close()

    def _sides(self) -> list[Side]:
        phones = [
            Side(phone.name, (phone.address,), self.world.internal, is_phone=True, caller_name=name)
            for phone, name in zip(self.phones, NAMES, strict=True)
        ]
        both = (self.phones[0].address, self.second_phone.address)
        phones[0] = Side(phones[0].name, both, self.world.internal, is_phone=True, caller_name=NAMES[0])
        trunks = [Side(p.name, (p.address,), self.world.incoming) for p in (self.provider, self.spare)]
        return [*phones, *trunks]
