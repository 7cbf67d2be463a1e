"""Cuts the icons the pages use out of an unpacked lucide-static package: `icons.py FOLDER`.

One sprite of sixty symbols is 16 kB where the whole set is half a megabyte.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

SPRITE = Path(__file__).parent.parent / "web/static/icons.svg"
NAMES = """\
    alarm-clock arrow-left-right arrow-right bell building-2 calendar calendar-plus chart-column
    check chevron-down chevron-left chevron-right circle-check circle-dashed circle-help circle-x
    clock columns-3 copy external-link filter flag globe headphones history info kanban key
    languages link list-checks lock log-out mail message-square mic monitor moon move-right
    palette pencil phone phone-call phone-forwarded phone-incoming phone-missed phone-off
    phone-outgoing plug-zap plus refresh-cw save search send settings sparkles sticky-note tag
    trash-2 triangle-alert undo-2 unplug user user-check user-plus users voicemail x
"""


def symbol(folder: Path, name: str) -> str:
    """One icon as a symbol; the stroke comes from the page's own `currentColor`."""
    drawing = (folder / "icons" / f"{name}.svg").read_text()
    inner = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL)
    if inner is None:
        raise ValueError(f"{name} is not a drawing")
    shapes = " ".join(inner.group(1).split())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


def main(folder: Path) -> None:
    """Writes the sprite; an icon that the package lacks stops it and is named."""
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    note = "<!-- lucide-static 1.62.0, ISC licence -->"
    SPRITE.write_text("\n".join([head, note, *(symbol(folder, name) for name in NAMES.split()), "</svg>\n"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
