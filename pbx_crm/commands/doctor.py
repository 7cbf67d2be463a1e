"""`pbx-crm doctor`: the findings on the terminal or as JSON, and an exit code for monitoring."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path

import click

from pbx_crm.config import PbxSettings, Settings, load
from pbx_crm.doctor import examine, try_call
from pbx_crm.domain.errors import BadConfig
from pbx_crm.domain.finding import Finding, as_row, has_faults

FAULTS = 1


def doctor(config: Path, *, as_json: bool, listen: float, test_call: str = "") -> int:
    """0 if nothing needs mending, 1 if there is a fault; warnings are said and cost nothing.

    `test_call` is `101`, `101,102` to be put through, or `office:101` where there are several PBXes;
    BadConfig for an unknown one, or where it is not said in which context the second is dialled.
    """
    settings = load(config)
    name, _, extensions = test_call.rpartition(":")
    first, _, second = extensions.partition(",")
    pbx = _pbx_named(settings, name) if test_call else None
    if pbx is not None and second and not pbx.dial_context:
        raise BadConfig("--test-call: two phones need dial_context under [[pbx]]")
    if settings.pbx and not as_json:
        click.echo(
            f"Listening for {listen:g} s: call somebody now, let it be answered, and hang up "
            "(--listen 30 leaves time for that).",
            err=True,
        )
    findings = asyncio.run(examine(settings, config, listen=listen))
    if pbx is not None:
        findings += asyncio.run(try_call(settings, pbx, first, second))
    if as_json:
        click.echo(json.dumps([as_row(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(findings)))
    return FAULTS if has_faults(findings) else 0


def _pbx_named(settings: Settings, name: str) -> PbxSettings:
    found = [pbx for pbx in settings.pbx if not name or pbx.name == name]
    if len(found) != 1:
        known = ", ".join(pbx.name for pbx in settings.pbx)
        raise BadConfig(f"--test-call: write PBX:EXTENSION with one of {known}")
    return found[0]


def _lines(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        where = f"{finding.where}: " if finding.where else ""
        yield f"{finding.mark.sign} {where}{finding.says}"
        if finding.mend is not None:
            yield f"    → {finding.mend}"
