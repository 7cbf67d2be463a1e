"""`pbx-crm doctor`: the findings on the terminal or as JSON, and an exit code for monitoring."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import click

from pbx_crm.config import load
from pbx_crm.doctor import examine
from pbx_crm.domain.finding import Finding, as_row, has_faults

FAULTS = 1


def doctor(config: Path, *, as_json: bool, listen: float) -> int:
    """0 if nothing needs mending, 1 if there is a fault; warnings are said and cost nothing."""
    findings = asyncio.run(examine(load(config), config, listen=listen))
    if as_json:
        click.echo(json.dumps([as_row(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(findings)))
    return FAULTS if has_faults(findings) else 0


def _lines(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        where = f"{finding.where}: " if finding.where else ""
        yield f"{finding.mark.sign} {where}{finding.says}"
        if finding.mend is not None:
            yield f"    → {finding.mend}"
