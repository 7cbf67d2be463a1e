"""What holds for the whole installation: where it is, what it speaks, what it counts in."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Installation:
    """The `[crm]` part of the configuration."""

    region: str
    """ISO 3166 country by which national numbers are read."""
    language: str
    """Language of people who have not chosen one, and whose browser names none we speak."""
    time_zone: str
    """IANA zone of days and working hours; people may have their own."""
    currency: str
    """ISO 4217 code of new funnels."""
    pbxes: tuple[str, ...] = ()
    """Names of the configured PBXes; the first is what forms offer first."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as days and hours are counted in."""
        return ZoneInfo(self.time_zone)
