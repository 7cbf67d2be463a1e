"""Numbers, money, times and phone numbers as a reader of one language in one zone writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from gettext import NullTranslations

import phonenumbers
from babel.core import Locale, get_global
from babel.dates import format_date, format_time, format_timedelta, get_timezone
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)
from babel.units import format_unit
from markupsafe import Markup

from pbx_crm.domain.errors import BadInput, Refused
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.owner_rule import Rule, in_words
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.region import Place, clocks_at
from pbx_crm.domain.sentence import N_
from pbx_crm.pages import jalali
from pbx_crm.pages.i18n import Language, catalogue
from pbx_crm.pages.typed_day import in_jalali, iso_of

LETTER_BEFORE_DIGIT = re.compile(r"(?<=[A-Z])(?=[0-9])")
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
"""Babel writes Persian separators but Latin digits."""
SECONDS_A_MINUTE = 60
SECONDS_AN_HOUR = 3600
YEAR_TO_REPLACE = 2026
"""In a date of our calendar that stands for one of another."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How one reader sees values; `now` is the moment the page was asked for."""

    language: Language
    zone: tzinfo
    now: datetime

    @property
    def translations(self) -> NullTranslations:
        """The catalogue of the reader's language."""
        return catalogue(self.language.code)

    def gettext(self, message: str) -> str:
        """The message in the reader's language; an empty one stays empty."""
        return self.translations.gettext(message) if message else ""

    def sentence_of(self, refusal: Refused) -> str:
        """What a refusal says."""
        return self.gettext(str(refusal)) % refusal.details

    def worded(self, rule: Rule) -> str:
        """What the program decided and why; empty where it decided nothing."""
        counted = {name: self.number(value) for name, value in rule.items() if isinstance(value, int | float)}
        return in_words({**rule, **counted}, self.gettext)

    def reasons_of(self, refusal: BadInput) -> dict[str, str]:
        """What is wrong with each field."""
        return {name: self.gettext(reason) % refusal.details for name, reason in refusal.reasons.items()}

    @property
    def _locale(self) -> Locale:
        return Locale.parse(self.language.code)

    @property
    def reads_jalali(self) -> bool:
        """Whether this reader's calendar is that of Iran, which Babel does not know."""
        return self.language.code == "fa"

    def _digits(self, text: str) -> str:
        return text.translate(PERSIAN_DIGITS) if self.language.code == "fa" else text

    @property
    def first_weekday(self) -> int:
        """The day on which the reader's week begins; Monday is 0."""
        # A week belongs to a country, and `fa` alone is none; English is written in too many to take one's.
        code = self.language.code
        spoken_in = code if code == "en" else get_global("likely_subtags").get(code, code)
        return Locale.parse(spoken_in).first_week_day

    def number(self, value: Decimal | float) -> str:
        """`1,284` with the separators of the language."""
        return self._digits(format_decimal(value, locale=self._locale))

    def percent(self, value: float) -> str:
        """`41%` of a value in percent, as the language writes it."""
        return self._digits(format_percent(value / 100, locale=self._locale))

    def money(self, amount: Decimal, currency: str) -> str:
        """`€48,000`; cents only where there are any, and where the currency has them: a won has none."""
        if not get_currency_precision(currency):
            amount = amount.quantize(Decimal(1))
        pattern = None if amount % 1 else self._whole_pattern()
        return self._sum(
            format_currency(amount, currency, format=pattern, locale=self._locale, currency_digits=False)
        )

    def short_money(self, amount: Decimal, currency: str) -> str:
        """`236K €` for the head of a column, where there is no room for every digit."""
        if abs(amount) < 10_000:
            return self.money(amount.quantize(Decimal(1)), currency)
        return self._sum(format_compact_currency(amount, currency, locale=self._locale, fraction_digits=1))

    def _sum(self, text: str) -> str:
        """`RUB 48,000`: Babel glues a currency without a sign of its own to the figure."""
        return self._digits(LETTER_BEFORE_DIGIT.sub("\u00a0", text))

    def _whole_pattern(self) -> str:
        pattern = self._locale.currency_formats["standard"].pattern
        return str(pattern).replace(".00", "")

    def plain(self, amount: Decimal) -> str:
        """The amount as it stands in a form field: no separators, no superfluous zeros, Latin digits."""
        return f"{amount.normalize():f}" if amount else ""

    def clock(self, at: datetime) -> str:
        """`16:30`."""
        return self._digits(format_time(at, "HH:mm", tzinfo=self.zone, locale=self._locale))

    def day(self, at: datetime | date) -> str:
        """`21 Nov`, with the year if it is another one."""
        local = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        today = self.now.astimezone(self.zone).date()
        if self.reads_jalali:
            is_this_year = jalali.year_of(local) == jalali.year_of(today)
            return self._digits(jalali.short(local) if is_this_year else jalali.full(local))
        if local.year != today.year:
            # Not the "medium" length: a Korean one is all figures, `2025. 7. 9.`.
            return self._digits(self._by_skeleton(local, "yMMMd"))
        return self._digits(self._by_skeleton(local, "MMMd"))

    def _by_skeleton(self, day: date, parts: str) -> str:
        pattern = self._locale.datetime_skeletons[parts].pattern
        return format_date(day, pattern, locale=self._locale)

    @property
    def calendar(self) -> MonthCalendar:
        """The calendar whose months the reader lives by."""
        return MonthCalendar.JALALI if self.reads_jalali else MonthCalendar.GREGORIAN

    def month(self, day: date, calendar: MonthCalendar | None = None) -> str:
        """`November 2026`, `آبان ۱۴۰۵`: the month of the reader's calendar, or of the one named."""
        if (calendar or self.calendar) is MonthCalendar.JALALI:
            return self._digits(jalali.month(day) if self.reads_jalali else jalali.latin_month(day))
        return self._digits(self._by_skeleton(day, "yMMMM"))

    def quarter(self, day: date, calendar: MonthCalendar | None = None) -> str:
        """`4th quarter 2026`, of the reader's calendar or of the one named."""
        if (calendar or self.calendar) is MonthCalendar.GREGORIAN:
            return self._digits(self._by_skeleton(day, "yQQQQ"))
        # Babel knows no calendar but ours: a quarter of the same number in a year of ours, the year put in.
        year, number = jalali.quarter(day)
        like = self._by_skeleton(date(YEAR_TO_REPLACE, number * 3, 1), "yQQQQ")
        return self._digits(like.replace(str(YEAR_TO_REPLACE), str(year)))

    def period(self, period: PlanPeriod) -> str:
        """What a period of plans is called; with its days where the reader lives by another calendar."""
        days = f"{self.day(period.days.first)} – {self.day(period.days.last)}"
        if period.kind is PeriodKind.WEEK:
            return days
        called = self.month if period.kind is PeriodKind.MONTH else self.quarter
        name = called(period.first, period.calendar)
        return name if period.calendar is self.calendar else f"{name} ({days})"

    def moment(self, at: datetime) -> str:
        """`today 16:30`, `yesterday 11:20`, `12 Nov 09:00`."""
        days = (at.astimezone(self.zone).date() - self.now.astimezone(self.zone).date()).days
        near = {-1: self.gettext("yesterday"), 0: self.gettext("today"), 1: self.gettext("tomorrow")}
        return f"{near.get(days) or self.day(at)} {self.clock(at)}"

    def exact(self, at: datetime) -> str:
        """The full date and time, for tooltips."""
        local = at.astimezone(self.zone)
        if self.reads_jalali:
            return f"{self._digits(jalali.full(local.date()))} {self.clock(at)}"
        return f"{format_date(local, 'long', locale=self._locale)} {self.clock(at)}"

    def since(self, at: datetime) -> str:
        """How long ago or ahead, in one unit: `3 days`."""
        length = abs(self.now - at)
        if length < timedelta(minutes=1):
            return self.gettext("a moment")
        return self._digits(format_timedelta(length, locale=self._locale, threshold=0.9))

    def short_since(self, at: datetime) -> str:
        """The same where there is little room: `2 wks`."""
        length = max(abs(self.now - at), timedelta(minutes=1))
        words = format_timedelta(length, locale=self._locale, threshold=0.9, format="short")
        return self._digits(words)

    def lasting(self, seconds: float) -> str:
        """A length in one unit: `3 days`."""
        if seconds < SECONDS_A_MINUTE:
            return self.gettext("a moment")
        length = timedelta(seconds=seconds)
        return self._digits(format_timedelta(length, locale=self._locale, threshold=0.9))

    def timespan(self, seconds: float) -> str:
        """`3:05`, or `1:02:03` from an hour on."""
        whole = round(seconds)
        hours, rest = divmod(whole, SECONDS_AN_HOUR)
        minutes, left = divmod(rest, SECONDS_A_MINUTE)
        text = f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
        return self._digits(text)

    def filesize(self, size: int) -> str:
        """`340 kB`, `2.4 MB`."""
        unit, value = ("megabyte", size / 1_000_000) if size >= 1_000_000 else ("kilobyte", size / 1000)
        rounded = max(round(value, 1 if unit == "megabyte" else 0), 1)
        return self._digits(format_unit(rounded, f"digital-{unit}", length="short", locale=self._locale))

    def country(self, code: str) -> str:
        """The country's name; its code where the language has none."""
        return str(self._locale.territories.get(code, code))

    def region(self, place: Place) -> str:
        """The region as those who read the country's language call it; the country where no more is known."""
        if place.is_country:
            return self.country(place.country)
        own = get_global("likely_subtags").get(f"und_{place.country}", "").partition("_")[0]
        return (place.local_name if own == self._locale.language else "") or place.name

    def time_there(self, place: Place) -> str:
        """`14:07 there`; of several time zones from when to when it may be. Empty where nothing is known."""
        clocks = clocks_at(place.zones, self.now)
        if clocks is None:
            return ""
        behind, ahead = (self._clock_in(zone) for zone in clocks)
        if clocks[0] == clocks[1]:
            return self.gettext(N_("%(time)s there")) % {"time": behind}
        return self.gettext(N_("%(first)s to %(last)s there, several time zones")) % {
            "first": behind,
            "last": ahead,
        }

    def _clock_in(self, zone: str) -> str:
        return self._digits(format_time(self.now, "HH:mm", tzinfo=get_timezone(zone), locale=self._locale))

    @staticmethod
    def iso(at: datetime) -> str:
        """For the `datetime` attribute of `<time>`."""
        return at.isoformat(timespec="seconds")

    def tomorrow_at(self, hour: int) -> datetime:
        """That hour of the reader's next day."""
        local = self.now.astimezone(self.zone) + timedelta(days=1)
        return local.replace(hour=hour, minute=0, second=0, microsecond=0)

    def input_time(self, at: datetime) -> str:
        """For the value of `<input type=datetime-local>`, in the reader's zone."""
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def day_field(self, value: date | str | None) -> Markup:
        """Attributes of a field for a day: the browser's own kind, or text in the calendar of Iran."""
        typed = str(value or "")
        if not self.reads_jalali:
            return BROWSERS_FIELD.format("date", iso_of(typed))
        return self._jalali_field("near-days", typed, DAY_PATTERN, "1405/08/30")

    def moment_field(self, typed: str) -> Markup:
        """The same for a day and time, as `input_time` gives it or as it was typed."""
        if not self.reads_jalali:
            return BROWSERS_FIELD.format("datetime-local", typed)
        return self._jalali_field("near-moments", typed, MOMENT_PATTERN, "1405/08/30 16:30")

    def _jalali_field(self, near: str, typed: str, pattern: str, example: str) -> Markup:
        hint = self.gettext("Year/month/day") + f" ({self._digits(example)})"
        return JALALI_FIELD.format(near, self._digits(in_jalali(typed)), self._digits(example), pattern, hint)

    def near_days(self) -> list[tuple[str, str]]:
        """Days a step is often put on, as they are typed, with their weekdays: today to a week ahead."""
        today = self.now.astimezone(self.zone).date()
        days = [today + timedelta(days=ahead) for ahead in (0, 1, 2, 3, 7)]
        return [
            (self._digits(jalali.written(day)), format_date(day, "EEEE", locale=self._locale)) for day in days
        ]


# Browsers' own date fields know one calendar. The patterns let them say what is wrong before it is sent.
BROWSERS_FIELD = Markup('type="{}" value="{}"')
JALALI_FIELD = Markup(
    'type="text" dir="ltr" autocomplete="off" list="{}" value="{}" placeholder="{}" pattern="{}" title="{}"'
)
_DIGIT = r"[0-9\u06f0-\u06f9\u0660-\u0669]"
DAY_PATTERN = rf"{_DIGIT}{{4}}[\-\/.]{_DIGIT}{{1,2}}[\-\/.]{_DIGIT}{{1,2}}"
MOMENT_PATTERN = rf"{DAY_PATTERN}[ T]+{_DIGIT}{{1,2}}:{_DIGIT}{{2}}"


def phone(number: str | None) -> Markup:
    """A number in groups, always left to right and in Latin digits, whatever is written around it."""
    return Markup('<bdi dir="ltr" class="phone">{}</bdi>').format(_grouped(number or ""))


def _grouped(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def initial(name: str) -> str:
    """The first letter of a name, for a badge."""
    return name.strip()[:1].upper()


def zone_named(name: str | None, default: str = "UTC") -> tzinfo:
    """The zone of this IANA name; the default where there is none or it is unknown."""
    try:
        return get_timezone(name or default)
    except LookupError:
        return get_timezone(default)
