"""A sentence for a person that is worded in one place and translated in another.

Rooms that know nothing of languages (the PBX link, the rules) say what they mean with `Sentence`; the
terminal and the log print its English, the pages look up `template` in the catalogue of the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def N_(text: str) -> str:  # the name gettext's extractors look for
    """The same text, marked for the translators."""
    return text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template in English with `%(name)s` places, and the values to put there."""

    template: str
    values: tuple[tuple[str, str], ...] = ()
    then: Sentence | None = None
    """A second clause, after a semicolon."""

    @classmethod
    def of(cls, template: str, **values: object) -> Sentence:
        """A sentence from a marked template; values are shown as text."""
        return cls(template, tuple((name, str(value)) for name, value in values.items()))

    def in_language(self, gettext: Callable[[str], str]) -> str:
        """The sentence in the language of this `gettext`."""
        words = gettext(self.template) % dict(self.values)
        return f"{words}; {self.then.in_language(gettext)}" if self.then else words

    def __str__(self) -> str:
        return self.in_language(str)
