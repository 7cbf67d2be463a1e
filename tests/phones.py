"""A PBX that rings phones by writing down that it was asked to."""

from __future__ import annotations

from dataclasses import dataclass, field

from pbx_crm.domain.dialling import RingWish


@dataclass
class WrittenPhones:
    """What was asked of it stands in `rung` and `ended`."""

    may_ring: bool = True
    may_hang_up: bool = True
    is_there: bool = True
    trouble: Exception | None = None
    rung: list[RingWish] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    async def ring(self, wish: RingWish) -> None:
        """Rings, and then fails if it is to."""
        self.rung.append(wish)
        if self.trouble is not None:
            raise self.trouble

    async def hang_up(self, channel: str) -> None:
        """The channel is over."""
        self.ended.append(channel)
