"""A browser by the name people know it by, out of what it says of itself."""

from __future__ import annotations

import re

# The first that fits: each of these also calls itself by the names further down.
BROWSERS = (
    ("YaBrowser", "Yandex"),
    ("EdgA?/|Edge/", "Edge"),
    ("OPR/|Opera", "Opera"),
    ("Vivaldi", "Vivaldi"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS|Chromium", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone|iPad", "iOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh|Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux|X11", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """`Firefox, Windows`; what it says of itself where that names no browser we know."""
    found = [_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)]
    return ", ".join(name for name in found if name) if found[0] else user_agent


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, user_agent)), "")
