"""The configuration of the company's PBX, as texts: what its teams, providers and addresses decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.parts.sip.party import Party

HERE = Path(__file__).parent
DIALPLAN = HERE.parents[1] / "dialplan"
SECRET = "lab-secret"
NAMES = ("Анна Смирнова", "Борис Орлов", "Вера Ким", "Глеб Зуев", "Дарья Ли", "Егор Белов")
LOSES_AUDIO = "06"
"""The seller whose calls Asterisk ends when no audio comes any more."""
QUEUES = {
    "90": ("PJSIP/{}", (1, 2, 3)),
    "91": ("Local/{}@from-queue/n", (1, 2, 3)),
    "92": ("Local/{}@from-queue/n", (5,)),
}
"""By the queue's last two digits: how a member is written, and which sellers are members."""


def our_files() -> dict[str, str]:
    """The files that are the same for every company, from etc/."""
    return {path.name: path.read_text(encoding="utf-8") for path in (HERE / "etc").glob("*.conf")}


def shipped_samples(major: int = 22) -> dict[str, str]:
    """The files an admin includes, by the name they have in /etc/asterisk, the secret filled in."""
    directories = [DIALPLAN / "asterisk"] + ([DIALPLAN / "asterisk-16"] if major < 18 else [])
    texts = {
        str(path.relative_to(directory)): path.read_text(encoding="utf-8")
        for directory in directories
        for path in directory.rglob("*.conf")
    }
    return {name: text.replace(";secret =", f"secret = {SECRET}") for name, text in texts.items()}


def pjsip_conf(
    pbx: str, teams: Mapping[int, Sequence[Party]], providers: Iterable[Party], dtmf_mode: str = "info"
) -> str:
    """Endpoints for every phone and provider, each known by its address."""
    sections = [
        _PJSIP_GROUND.format(pbx=pbx, dtmf_mode=dtmf_mode),
        *(_endpoint(party, "provider") for party in providers),
    ]
    for digit, phones in teams.items():
        for phone, name in zip(phones, NAMES, strict=True):
            lines = (
                f'callerid = "{name}" <{phone.name}>',
                f"call_group = {digit}",
                f"pickup_group = {digit}",
                f"mailboxes = {phone.name}@default",
                *(["rtp_timeout = 3"] if phone.name.endswith(LOSES_AUDIO) else []),
            )
            sections.append(_endpoint(phone, "phone", *lines))
    return "\n".join(sections)


def queues_conf(teams: Iterable[int]) -> str:
    """Three ring-all queues a team."""
    lines = [_QUEUES_GROUND]
    for digit in teams:
        for queue, (member, sellers) in QUEUES.items():
            lines.append(f"[{digit}{queue}](ringall)")
            lines += [f"member => {member.format(f'{digit}0{n}')}" for n in sellers]
    return "\n".join([*lines, ""])


def voicemail_conf(phones: Iterable[Party]) -> str:
    """A mailbox for each seller."""
    boxes = [f"{phone.name} => 1234,{phone.name}" for phone in phones]
    return "\n".join(["[general]", "format = wav", "minsecs = 0", "maxsilence = 0", "[default]", *boxes, ""])


def _endpoint(party: Party, template: str, *lines: str) -> str:
    user = "" if template == "provider" else f"{party.name}@"
    return "\n".join(
        [
            f"[{party.name}]({template})",
            f"aors = {party.name}",
            *lines,
            f"[{party.name}]",
            "type = aor",
            f"contact = sip:{user}{party.address}:5060",
            f"[{party.name}-address]",
            "type = identify",
            f"endpoint = {party.name}",
            f"match = {party.address}/32",
            "",
        ]
    )


def manager_conf(pbx: str) -> str:
    """AMI on the company's address, with a user for everything beside the shipped one."""
    return f"""[general]
enabled = yes
bindaddr = {pbx}
port = 5038

; Sees and may do everything: for recordings with all classes, and for what a person does with the CLI.
[everything]
secret = {SECRET}
read = all
write = all
writetimeout = 10000

#include "manager.d/*.conf"
"""


_PJSIP_GROUND = """[udp]
type = transport
protocol = udp
bind = {pbx}:5060

[side](!)
type = endpoint
disallow = all
allow = alaw
direct_media = no
dtmf_mode = {dtmf_mode}
identify_by = ip
media_address = {pbx}
bind_rtp_to_media_address = yes
; The provider's asserted numbers are believed, as most companies have it.
trust_id_inbound = yes

[phone](!,side)
context = from-internal

[provider](!,side)
context = from-trunk
"""

_QUEUES_GROUND = """[general]
persistentmembers = no
shared_lastcall = no

[ringall](!)
strategy = ringall
timeout = 15
retry = 1
ringinuse = no
joinempty = yes
"""
