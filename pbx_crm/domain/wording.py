"""Marking of words that people read, in rooms that know nothing of languages."""

from __future__ import annotations


def msgid(message: str) -> str:
    """The message itself; marked so that translators get it. It is translated where it is shown."""
    return message
