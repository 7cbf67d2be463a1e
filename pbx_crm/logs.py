"""Logs: one line an event, stdlib loggers routed the same way, clients' numbers masked."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Seven digits and more are a client's number; an epoch before a dot is the id of a channel or a call.
NUMBER = re.compile(r"(?<![\w.:-])(\+?\d)\d{2,}(\d{4})(?![\w.:-]*\d)")
IDS = frozenset({"linkedid", "uniqueid", "request", "timestamp", "url"})
Event = MutableMapping[str, Any]


def set_up(*, colours: bool | None = None) -> None:
    """Sends everything that is logged to stderr, in words on a terminal and as JSON elsewhere."""
    on_terminal = sys.stderr.isatty() if colours is None else colours
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_numbers,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=on_terminal)
        if on_terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # Alembic tells of every plugin and every look at the schema.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def mask_numbers(_logger: Any, _method: str, event: Event) -> Event:
    """The event with every phone number in it shortened to its first and last digits."""
    for key, value in event.items():
        if isinstance(value, str) and key not in IDS:
            event[key] = masked(value)
    return event


def masked(text: str) -> str:
    """`+74951234521` becomes `+7…4521`; ids such as `1763748000.12` stay."""
    return NUMBER.sub(r"\1…\2", text)
