"""`pbx-crm init`: a configuration, the AMI secret and the AMI user's file, from a few answers.

The secret is made here and written into two files that only their owner can read: one stays with the CRM,
the other is copied to the PBX. Nothing that exists is overwritten.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import click
from pydantic import ValidationError

from pbx_crm.config import Settings, in_words
from pbx_crm.domain.errors import BadConfig

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parent / "dialplan"
DIALPLAN = _CHECKOUT if _CHECKOUT.is_dir() else _PACKAGE / "_dialplan"
SAMPLES = {
    "asterisk": ("asterisk/manager.d/pbx-crm.conf", "/etc/asterisk/manager.d/pbx-crm.conf"),
    "asterisk-16": ("asterisk-16/manager.d/pbx-crm.conf", "/etc/asterisk/manager.d/pbx-crm.conf"),
    "freepbx": ("freepbx/manager_custom.conf", "/etc/asterisk/manager_custom.conf (add it to the end)"),
}
SECRET_FILE = "ami.secret"  # noqa: S105  # the name of the file
MANAGER_FILE = "pbx-crm.manager.conf"
SECRET_BYTES = 32
USER = re.compile(r"[A-Za-z0-9_-]{1,40}")
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked."""

    name: str
    host: str
    port: int
    user: str
    pbx: str
    """Which sample fits: a key of SAMPLES."""
    crm_address: str
    """The address of the CRM's machine, from which alone the AMI user may log in."""
    region: str
    time_zone: str
    currency: str
    database: str


def write_all(config: Path, answers: Answers) -> None:
    """Writes the three files and says what to do next; BadConfig for a wrong answer or a file in the way."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    text = configuration(answers)
    _require_plain(answers)
    _require_good(text)
    files = {
        config: text,
        config.parent / SECRET_FILE: f"{secret}\n",
        config.parent / MANAGER_FILE: manager_conf(answers, secret),
    }
    _write_new(files)
    click.echo("\n".join(_next_steps(config, answers)))


def configuration(answers: Answers) -> str:
    """The text of pbx_crm.toml."""
    crm = {"region": answers.region, "time_zone": answers.time_zone, "currency": answers.currency}
    pbx: dict[str, str | int] = {
        "name": answers.name,
        "host": answers.host,
        "port": answers.port,
        "username": answers.user,
        "secret_file": SECRET_FILE,
    }
    database = {"url": answers.database}
    parts = (("[database]", _lines(database)), ("[crm]", _lines(crm)), ("[[pbx]]", _lines(pbx)))
    return "\n".join(f"{head}\n{lines}" for head, lines in parts)


def _lines(values: Mapping[str, str] | Mapping[str, str | int]) -> str:
    # A basic string of TOML is written as one of JSON.
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def manager_conf(answers: Answers, secret: str) -> str:
    """The shipped sample of the AMI user, with its name, its secret and the address it may come from."""
    sample = (DIALPLAN / SAMPLES[answers.pbx][0]).read_text(encoding="utf-8")
    return (
        sample.replace("[pbx-crm]", f"[{answers.user}]")
        .replace(";secret =", f"secret = {secret}")
        .replace("permit = 127.0.0.1/255.255.255.255", f"permit = {answers.crm_address}/255.255.255.255")
    )


def _require_plain(answers: Answers) -> None:
    """What goes into Asterisk's file must not start a line or a section of its own."""
    if not USER.fullmatch(answers.user):
        raise BadConfig("the name of the AMI user is letters, digits, - and _ only")
    try:
        IPv4Address(answers.crm_address)
    except ValueError:
        raise BadConfig("the address of this machine is an IPv4 address, such as 192.0.2.9") from None


def _require_good(text: str) -> None:
    """The configuration must load before anything is written."""
    try:
        Settings.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise BadConfig("; ".join(map(in_words, error.errors()))) from None


def _write_new(files: Mapping[Path, str]) -> None:
    if there := [str(path) for path in files if path.exists()]:
        raise BadConfig(f"already there, and left alone: {', '.join(there)}")
    for path, text in files.items():
        try:
            # Made for the owner only from the first moment on, and only if nobody else just made it.
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        except OSError as error:
            raise BadConfig(f"{path} cannot be written: {error.strerror}") from error
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(text)


def _next_steps(config: Path, answers: Answers) -> list[str]:
    return [
        f"written: {config}, {config.parent / SECRET_FILE}, {config.parent / MANAGER_FILE}",
        "",
        f"1. copy {MANAGER_FILE} to the PBX as {SAMPLES[answers.pbx][1]}",
        f"   and the rest of {DIALPLAN / SAMPLES[answers.pbx][0].partition('/')[0]}, as README.md there says",
        '2. on the PBX:  asterisk -rx "core reload"',
        f"3. pbx-crm migrate --config {config}",
        f"4. pbx-crm doctor --config {config}   while somebody makes a call",
    ]
