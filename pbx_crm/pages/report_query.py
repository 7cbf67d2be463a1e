"""What a report is asked for, as it stands in the address: to be shared, kept and gone back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.call import Direction
from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days, Preset, Span, days_of
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.call_query import FIRM, LONGEST_TEXT, NO_SOURCE, CallQuery, choice_of, day_of

# Ten years: more is a slip of the finger, and would be counted for minutes.
LONGEST = timedelta(days=3660)
LAST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """A report's address, understood; what makes no sense in it is left out rather than refused."""

    preset: Preset = Preset.THIS_WEEK
    from_day: date | None = None
    to_day: date | None = None
    """The last day that is in. Days named take the place of the preset."""
    compares: bool = False
    who: int | None = None
    line: int | None = None
    funnel: int | None = None
    source: str = ""
    band: AmountBand | None = None
    region: int | None = None
    in_firm_zone: bool = False
    """Days are the company's, not the reader's."""
    stage: int | None = None
    reason: int | None = None
    """Of a loss; 0 is none given."""
    by: str = ""
    """What the rows are; the meaning is the report's."""
    part: str = ""
    """Which rows of the figure are shown; the meaning is the report's."""
    page: int = 1
    """Of long lists of rows."""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> ReportQuery:
        """The query in an address."""
        return cls(
            preset=choice_of(Preset, asked.get("period")) or Preset.THIS_WEEK,
            from_day=day_of(asked.get("from")),
            to_day=day_of(asked.get("to")),
            compares=asked.get("compare") == "1",
            who=number_in(asked.get("who")),
            line=number_in(asked.get("line")),
            funnel=number_in(asked.get("funnel")),
            source=asked.get("source", "")[:LONGEST_TEXT],
            band=choice_of(AmountBand, asked.get("band")),
            region=number_in(asked.get("region")),
            in_firm_zone=asked.get("zone") == FIRM,
            stage=number_in(asked.get("stage")),
            reason=number_in(asked.get("reason")),
            by=asked.get("by", "")[:20],
            part=asked.get("part", "")[:20],
            page=min(max(1, number_in(asked.get("page")) or 1), LAST_PAGE),
        )

    def url(self, path: str) -> str:
        """The address of the report at this path; what says nothing is left out of it."""
        parts: dict[str, object] = {
            "period": self.preset if self.preset is not Preset.THIS_WEEK else None,
            "from": self.from_day,
            "to": self.to_day,
            "compare": "1" if self.compares else None,
            "who": self.who,
            "line": self.line,
            "funnel": self.funnel,
            "source": self.source,
            "band": self.band,
            "region": self.region,
            "zone": FIRM if self.in_firm_zone else None,
            "stage": self.stage,
            "reason": self.reason,
            "by": self.by,
            "part": self.part,
            "page": self.page if self.page > 1 else None,
        }
        said = urlencode({name: str(value) for name, value in parts.items() if value not in (None, "")})
        return f"{path}?{said}" if said else path

    def of(self, part: str, stage: int | None = None) -> ReportQuery:
        """The rows behind one figure of this report."""
        return replace(self, part=part, stage=stage, page=1)

    @property
    def names_days(self) -> bool:
        """Whether days are named, rather than a period."""
        return self.from_day is not None or self.to_day is not None

    def days(
        self, today: date, first_weekday: int, calendar: MonthCalendar = MonthCalendar.GREGORIAN
    ) -> Days:
        """The days asked for, the first never after the last; one end left open means that day."""
        if not self.names_days:
            return days_of(self.preset, today, first_weekday, calendar)
        ends = [day for day in (self.from_day, self.to_day) if day is not None]
        return Days(max(min(ends), max(ends) - LONGEST), max(ends))

    def filter(self, span: Span) -> ReportFilter:
        """The slices over a stretch of time."""
        source = _source(self.source)
        return ReportFilter(span, self.who, self.line, self.funnel, source, self.band, self.region)

    def calls(
        self,
        days: Days,
        figure: Figure | None,
        who: int | None,
        *,
        is_nobody: bool = False,
        direction: Direction | None = None,
    ) -> str:
        """The address of the calls that a figure counted; without a figure, of all in the direction."""
        asked = CallQuery(
            from_day=days.first,
            to_day=days.last,
            who=who,
            unlinked=is_nobody,
            figure=figure,
            direction=direction,
            line=self.line,
            source=self.source,
            region=self.region,
            in_firm_zone=self.in_firm_zone,
        )
        return asked.url()


def _source(asked: str) -> str | None:
    """The source to slice by: None for all, empty for those without one."""
    return "" if asked == NO_SOURCE else asked or None
