"""Where templates, static files and translations lie: in the checkout, or inside the installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_CHECKOUT = _PACKAGE.parent / "web"

WEB = _CHECKOUT if (_CHECKOUT / "templates").is_dir() else _PACKAGE / "_web"
TEMPLATES = WEB / "templates"
STATIC = WEB / "static"
TRANSLATIONS = WEB / "translations"
