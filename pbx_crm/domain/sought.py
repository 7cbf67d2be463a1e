"""What somebody types to find a client: a name, a number or any part of one, in any digits and spelling."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.phone import NumberPlan, digits, latin_digits, trunk_prefix

NUMBER_LETTERS = frozenset("0123456789+-() ./")
"""What a number is written with; in a text with anything else the digits belong to a name."""
TRUNK_PREFIXES = ("8", "0")
LONG_ENOUGH_FOR_TRUNK = 7
"""Fewer digits are the middle of a number rather than its beginning with the digit for long distance."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody typed to find a client."""

    text: str
    figures: tuple[str, ...] = ()
    """Digits of which a number may hold any; none for a name."""
    number: str | None = None
    """The whole number, in E.164, if it can be read as one."""


def sought(text: str, plan: NumberPlan, most: int) -> Sought:
    """The text without what is more than `most` letters, read as a number where it may be one.

    Seven digits are a whole number to our library, which puts the country before them, and the end of one
    to people: so both are looked for.
    """
    text = " ".join(text.split())[:most]
    written = latin_digits(text)
    if not text or not set(written) <= NUMBER_LETTERS:
        return Sought(text)
    number = plan.e164(written)
    readings = (digits(written), digits(number), _without_trunk(written, plan))
    return Sought(text, tuple(dict.fromkeys(filter(None, readings))), number)


def figures_in(text: str) -> tuple[str, ...]:
    """Digits of which the number of a call may hold any, whatever country its PBX is in; none for a name."""
    written = latin_digits(text.strip())
    figures = digits(written)
    if any(letter.isalpha() for letter in written) or not figures:
        return ()
    is_national = len(figures) >= LONG_ENOUGH_FOR_TRUNK and figures.startswith(TRUNK_PREFIXES)
    return (figures, figures[1:]) if is_national and "+" not in written else (figures,)


def _without_trunk(written: str, plan: NumberPlan) -> str:
    """`8 495 12` is written for long distance: its number is stored without the 8."""
    figures, prefix = digits(written), trunk_prefix(plan.region)
    is_long = len(figures) >= LONG_ENOUGH_FOR_TRUNK and "+" not in written
    return figures.removeprefix(prefix) if prefix and is_long and figures.startswith(prefix) else ""
