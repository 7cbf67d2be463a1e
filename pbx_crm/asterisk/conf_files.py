"""Asterisk's configuration files as Asterisk reads them: sections, templates, additions, includes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

HEAD = re.compile(r"\[(?P<name>[^\]]+)\](?:\((?P<of>[^)]*)\))?")
INCLUDE = re.compile(r'#(?:try)?include\s+["<]?(?P<path>[^">]+?)[">]?\s*$')
DEEPEST = 8
Section = list[tuple[str, str]]


def read_sections(folder: Path, name: str) -> dict[str, Section]:
    """Every section of the file with its lines in order, included files in their place.

    A section that several files add to (`[general](+)`) is one; a section made from a template begins with
    its lines. OSError if the file cannot be read; an include that is not there is passed over.
    """
    sections: dict[str, Section] = {}
    current: Section = []
    for line in _lines(folder, folder / name, DEEPEST):
        head = HEAD.match(line)
        if head is None:
            key, sign, value = line.partition("=")
            if sign:
                current.append((key.strip(), value.removeprefix(">").strip()))
            continue
        current = sections.setdefault(head["name"], [])
        for template in (head["of"] or "").split(","):
            current += sections.get(template.strip(), [])
    return sections


def last_of(section: Section, key: str) -> str | None:
    """The value that counts: the last one; None if the section does not name the key."""
    found = [value for name, value in section if name.lower() == key]
    return found[-1] if found else None


def _lines(folder: Path, path: Path, depth: int) -> Iterator[str]:
    for raw in path.read_text(encoding="utf-8", errors="replace").splitlines():
        # `\;` is a semicolon; anything else after one is a comment.
        line = re.split(r"(?<!\\);", raw, maxsplit=1)[0].strip()
        include = INCLUDE.match(line)
        if include is None:
            yield line
        elif depth:
            for found in sorted(folder.glob(_within(include["path"], folder))):
                yield from _lines(folder, found, depth - 1)


def _within(pattern: str, folder: Path) -> str:
    """The pattern relative to the folder: an absolute one names the place the files have on the PBX."""
    if not pattern.startswith("/"):
        return pattern
    text = str(folder)
    return pattern.removeprefix(f"{text}/") if pattern.startswith(f"{text}/") else pattern.rpartition("/")[2]
