"""`pbx-crm init`: a configuration, secrets, and the files of the PBX they go into, from a few answers.

The AMI secret, and the token with which the dialplan asks the CRM, are made here. Each is written into two
files that only their owner can read: one stays with the CRM, the other is copied to the PBX. Nothing that
exists is overwritten.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
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
GLOBALS = {
    "asterisk": "/etc/asterisk/extensions.d/pbx-crm-globals.conf",
    "freepbx": "/etc/asterisk/globals_custom.conf (add it to the end)",
}
FOLDERS = ("/etc/asterisk/manager.d", "/etc/asterisk/extensions.d", "/var/log/asterisk/cel-custom")
"""Debian's Asterisk comes without the last two; cel_custom makes no folder."""
INSTALL = "install -o asterisk -g asterisk -m 640"
SECRET_FILE = "ami.secret"  # noqa: S105  # the name of the file
MANAGER_FILE = "pbx-crm.manager.conf"
TOKEN_FILE = "pbx.token"  # noqa: S105  # the name of the file
GLOBALS_FILE = "pbx-crm.globals.conf"
SECRET_BYTES = 32
WEB_PORT = 8080
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
    look_up: bool = True
    """Whether the PBX may ask whose client calls: then it is told where, and with which token."""
    web_port: int = WEB_PORT


def write_all(config: Path, answers: Answers) -> None:
    """Writes the files and says what to do next; BadConfig for a wrong answer or a file in the way."""
    secret, token = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(2))
    text = configuration(answers)
    _require_plain(answers)
    _require_good(text)
    files = {
        config: text,
        config.parent / SECRET_FILE: f"{secret}\n",
        config.parent / MANAGER_FILE: manager_conf(answers, secret),
    }
    if answers.look_up:
        files[config.parent / TOKEN_FILE] = f"{token}\n"
        files[config.parent / GLOBALS_FILE] = globals_conf(answers, token)
    _write_new(files)
    click.echo("\n".join(_next_steps(answers, files)))


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
    parts = [
        ("[web]", _lines(_web(answers))),
        ("[database]", _lines({"url": answers.database})),
        ("[crm]", _lines(crm)),
        ("[[pbx]]", _lines(pbx)),
    ]
    if answers.look_up:
        asks = {"token_file": TOKEN_FILE, "addresses": [_address_of(answers.host)]}
        parts.append(("[pbx.dialplan]", _lines(asks)))
    return "\n".join(f"{head}\n{lines}" for head, lines in parts)


def _web(answers: Answers) -> dict[str, object]:
    # Loopback, unless the PBX must reach it: from another machine it cannot reach that.
    reached = {"host": answers.crm_address} if answers.look_up else {}
    return {**reached, "port": answers.web_port}


def _address_of(host: str) -> str:
    """The address the PBX's questions come from; a name is asked for now, once and for all."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return socket.gethostbyname(host)
    except OSError:
        raise BadConfig(f"nobody knows the name {host}: give the address of the PBX") from None


def _lines(values: Mapping[str, object]) -> str:
    # A basic string of TOML, and a list of them, is written as in JSON.
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def manager_conf(answers: Answers, secret: str) -> str:
    """The shipped sample of the AMI user, with its name, its secret and the address it may come from."""
    sample = (DIALPLAN / SAMPLES[answers.pbx][0]).read_text(encoding="utf-8")
    return (
        sample.replace("[pbx-crm]", f"[{answers.user}]")
        .replace(";secret =", f"secret = {secret}")
        .replace("permit = 127.0.0.1/255.255.255.255", f"permit = {answers.crm_address}/255.255.255.255")
    )


def globals_conf(answers: Answers, token: str) -> str:
    """Where the dialplan finds the CRM, and the token it shows: lines of [globals] without its heading."""
    return (
        "; For [globals] of extensions.conf. With the token one may ask whose client a number is.\n"
        f"PBX_CRM_URL = http://{answers.crm_address}:{answers.web_port}/pbx\n"
        f"PBX_CRM_TOKEN = {token}\n"
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


def _next_steps(answers: Answers, files: Iterable[Path]) -> list[str]:
    config, *_ = paths = list(files)
    steps = _freepbx_steps(answers) if answers.pbx == "freepbx" else _plain_steps(answers)
    return [
        f"written: {', '.join(map(str, paths))}",
        "",
        *steps,
        f"3. pbx-crm migrate --config {config}",
        f"4. pbx-crm serve --config {config}",
        f"5. pbx-crm doctor --config {config} --listen 30   beside it, while somebody makes a call",
    ]


def _freepbx_steps(answers: Answers) -> list[str]:
    look_up = (
        f"   copy {GLOBALS_FILE} to the PBX as {GLOBALS['freepbx']},",
        "   and set the trunk's Context to from-pstn-crm (docs/look-up.md)",
    )
    return [
        f"1. copy {MANAGER_FILE} to the PBX as {SAMPLES['freepbx'][1]}",
        f"   and the rest of {DIALPLAN / 'freepbx'}, as {DIALPLAN / 'README.md'} says",
        *(look_up if answers.look_up else ()),
        '2. on the PBX:  asterisk -rx "core reload"',
    ]


def _plain_steps(answers: Answers) -> list[str]:
    place = SAMPLES[answers.pbx][1]
    look_up = (
        f"   {INSTALL} {GLOBALS_FILE} {GLOBALS['asterisk']}",
        "   and write into extensions.conf",
        '     in [globals]:   #include "extensions.d/pbx-crm-globals.conf"',
        '     after that:     #include "extensions.d/pbx-crm-lookup.conf"',
        "     where calls enter:  same => n,Gosub(pbx-crm-seller-first,s,1(tTkK))",
    )
    return [
        "1. on the PBX, as root; Asterisk passes over files that its user cannot read:",
        f"   install -d -o asterisk -g asterisk {' '.join(FOLDERS)}",
        f"   {INSTALL} {MANAGER_FILE} {place}",
        f"   and in the same way the rest of {DIALPLAN / 'asterisk'}, as {DIALPLAN / 'README.md'} says",
        *(look_up if answers.look_up else ()),
        '2. on the PBX:  asterisk -rx "core reload"  and  asterisk -rx "module load cel_custom.so"',
    ]
