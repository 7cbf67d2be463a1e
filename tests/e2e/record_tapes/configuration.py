"""What stands in /etc/asterisk of a world, beside its dialplan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.record_tapes.world import World
from tests.parts.asterisk import AsteriskPart

ETC = Path(__file__).parents[1] / "etc"
SECRET = "lab-secret"
USER = "everything"
CDR_COLUMNS = (
    "accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,"
    "disposition,amaflags,uniqueid,linkedid,userfield,sequence"
)
CEL_COLUMNS = (
    "eventtype,eventtime,cid_name,cid_num,cid_ani,cid_rdnis,cid_dnid,exten,context,channame,appname,appdata,"
    "uniqueid,linkedid,peer,userfield,userdeftype,eventextra"
)
CEL_FIELDS = (
    "${eventtype} ${eventtime} ${CALLERID(name)} ${CALLERID(num)} ${CALLERID(ANI)} ${CALLERID(RDNIS)} "
    "${CALLERID(DNID)} ${CHANNEL(exten)} ${CHANNEL(context)} ${CHANNEL(channame)} ${CHANNEL(appname)} "
    "${CHANNEL(appdata)} ${CHANNEL(uniqueid)} ${CHANNEL(linkedid)} ${BRIDGEPEER} ${CHANNEL(userfield)} "
    "${userdeftype} ${eventextra}"
)


@dataclass(frozen=True, slots=True)
class Side:
    """A peer of the PBX: a seller's phones or a provider."""

    name: str
    addresses: tuple[str, ...]
    context: str
    is_phone: bool = False
    caller_name: str = ""


def files(
    world: World, asterisk: AsteriskPart, pbx: str, sides: Sequence[Side], second_phone: str
) -> dict[str, str]:
    """Every configuration file by name."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in ETC.glob("*.conf")}
    return texts | {
        "asterisk.conf": asterisk.asterisk_conf(world.systemname),
        "modules.conf": _modules(world, texts["modules.conf"]),
        "extensions.conf": world.dialplan(second_phone),
        "logger.conf": "[general]\n[logfiles]\nmessages.log => notice,warning,error\n",
        "rtp.conf": "[general]\nrtpstart = 10000\nrtpend = 20000\nicesupport = no\n",
        "http.conf": "[general]\nenabled = no\n",
        "manager.conf": _MANAGER.format(pbx=pbx, told=world.told, user=USER, secret=SECRET),
        "cdr_manager.conf": f"[general]\nenabled = {'yes' if world.major > 16 else 'no'}\n",
        "cdr_custom.conf": f"[mappings]\ncdr.csv => {_quoted(_cdr_fields())}\n",
        "cel.conf": "[general]\nenable = yes\napps = all\nevents = ALL\ndateformat = %F %T.%6q\n",
        "cel_custom.conf": f"[mappings]\ncel.csv => {_quoted(CEL_FIELDS.split())}\n",
        "pjsip.conf": _pjsip(pbx, sides) if world.driver == "PJSIP" else "",
        "sip.conf": _sip(pbx, sides) if world.driver == "SIP" else "",
        "queues.conf": _queues(world),
        "voicemail.conf": _voicemail(world),
        "followme.conf": _followme(world),
        "res_parking.conf": _parking(world),
    }


def _cdr_fields() -> list[str]:
    return [f"${{CDR({column})}}" for column in CDR_COLUMNS.split(",")]


def _quoted(fields: Sequence[str]) -> str:
    return ",".join(f"${{CSV_QUOTE({field})}}" for field in fields)


def _modules(world: World, text: str) -> str:
    if world.driver == "PJSIP":
        return text
    return text.replace("noload = chan_sip.so", "noload = chan_pjsip.so")


def _queues(world: World) -> str:
    first, second, members, vip = world.queues
    tech, sellers = world.driver, world.sellers
    context = "from-queue" if world.shape == "exchange" else "members"
    locals_ = [f"Local/{seller}@{context}/n" for seller in sellers]
    if world.shape == "exchange":
        # Those with a hint are known to be free or busy; the fourth, with do-not-disturb, has none.
        hinted = [f"{locals_[n]},0,,hint:{sellers[n]}@ext-local" for n in range(3)]
        rows = {first: hinted, second: hinted[1:], members: [*hinted, locals_[3]], vip: [locals_[4]]}
    else:
        phones = [f"{tech}/{seller}" for seller in sellers]
        rows = {
            first: phones[:3],
            second: phones[2:4],
            members: [*locals_[:2], locals_[3]],
            vip: [locals_[4]],
        }
    lines = ["[general]", "persistentmembers = no", "shared_lastcall = no"]
    for queue, who in rows.items():
        manner = "strategy = rrmemory\ntimeout = 3" if queue == second else "strategy = ringall\ntimeout = 8"
        lines += [f"[{queue}]", manner, "retry = 1", "ringinuse = no", "joinempty = yes"]
        lines += ["context = queue-exit"]
        lines += [f"member => {member}" for member in who]
    return "\n".join([*lines, ""])


def _voicemail(world: World) -> str:
    boxes = [f"{seller} => 1234,{seller}" for seller in world.sellers]
    return "\n".join(["[general]", "format = wav", "minsecs = 0", "maxsilence = 0", "[default]", *boxes, ""])


def _followme(world: World) -> str:
    head = (
        "[general]\nfeaturedigittimeout = 3000\ntakecall = 1\ndeclinecall = 2\nenable_callee_prompt = yes\n"
    )
    numbers = f"number = {world.sellers[5]},3\nnumber = {world.dialled(world.mobile)},12\n"
    return f"{head}[{world.sellers[5]}]\ncontext = {world.internal}\n{numbers}"


def _parking(world: World) -> str:
    spaces = f"{world.park_space}-{int(world.parking) + 8}"
    return (
        f"[general]\n[default]\ncontext = parkedcalls\nparkext = {world.parking}\nparkpos = {spaces}\n"
        "findslot = first\nparkingtime = 4\ncomebacktoorigin = yes\ncomebackdialtime = 10\n"
    )


def _pjsip(pbx: str, sides: Sequence[Side]) -> str:
    text = [_PJSIP_GROUND.format(pbx=pbx)]
    for side in sides:
        user = f"{side.name}@" if side.is_phone else ""
        first = side.addresses[0]
        text += [f"[{side.name}](side)", f"context = {side.context}", f"aors = {side.name}"]
        text += _phone_lines(side, ("call_group", "pickup_group")) if side.is_phone else []
        text += [f"[{side.name}]", "type = aor", f"contact = sip:{user}{first}:5060"]
        text += [f"[{side.name}-address]", "type = identify", f"endpoint = {side.name}"]
        text += [f"match = {address}/32" for address in side.addresses]
    return "\n".join([*text, ""])


def _sip(pbx: str, sides: Sequence[Side]) -> str:
    text = [_SIP_GROUND.format(pbx=pbx)]
    for side in sides:
        text += [f"[{side.name}](side)", f"context = {side.context}", f"host = {side.addresses[0]}"]
        if side.is_phone:
            text += [f"defaultuser = {side.name}", *_phone_lines(side, ("callgroup", "pickupgroup"))]
    return "\n".join([*text, ""])


def _phone_lines(side: Side, groups: tuple[str, str]) -> list[str]:
    lines = [f"{group} = 1" for group in groups]
    return [f'callerid = "{side.caller_name}" <{side.name}>', *lines]


_MANAGER = """[general]
enabled = yes
bindaddr = {pbx}
port = 5038
{told}
[{user}]
secret = {secret}
read = all
write = all
writetimeout = 10000
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
dtmf_mode = info
identify_by = ip
media_address = {pbx}
bind_rtp_to_media_address = yes
trust_id_inbound = yes
send_pai = yes
rtp_timeout = 4
rtp_timeout_hold = 60"""

_SIP_GROUND = """[general]
udpbindaddr = {pbx}:5060
alwaysauthreject = yes
tcpenable = no
[side](!)
type = peer
insecure = port,invite
disallow = all
allow = alaw
directmedia = no
dtmfmode = info
qualify = no
callcounter = yes
trustrpid = yes
sendrpid = no
nat = no
rtptimeout = 4
rtpholdtimeout = 60"""
