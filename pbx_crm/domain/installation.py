"""What holds for the whole installation: where it is, what it speaks, what it counts in."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pbx_crm.domain.month_calendar import MonthCalendar


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
    months: MonthCalendar | None = None
    """The months plans and costs are entered by; None: those of the country."""

    @property
    def calendar(self) -> MonthCalendar:
        """The calendar of the company: in Iran the months of the year that begins in spring."""
        usual = MonthCalendar.JALALI if self.region == "IR" else MonthCalendar.GREGORIAN
        return self.months or usual

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as days and hours are counted in."""
        return ZoneInfo(self.time_zone)
