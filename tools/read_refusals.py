"""Finds what an error says to people: the first line of the docstring of every class of the error tree."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

from babel.messages.extract import extract_python


def extract(
    source: IO[bytes], keywords: Any, tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Any]:
    """Babel's extraction method for the domain: marked strings, and the errors' own sentences."""
    yield from extract_python(source, keywords, tags, dict(options))  # type: ignore[arg-type]
    source.seek(0)
    for node in ast.walk(ast.parse(source.read())):
        if isinstance(node, ast.ClassDef) and _is_error(node):
            words = ast.get_docstring(node)
            if words:
                yield node.lineno, None, words.splitlines()[0], []


def _is_error(node: ast.ClassDef) -> bool:
    ancestors = {base.id for base in node.bases if isinstance(base, ast.Name)}
    return bool(ancestors & ANCESTORS)


ANCESTORS = {"CrmError", "Refused", "NotFound", "NotAllowed", "Conflict", "BadInput", "Broken"}
