"""Records stories as tapes: `python -m tests.e2e.record_stories FOLDER [STORY …] [--asterisk 22]`.

Each story gets a freshly started PBX for itself, a team chosen by its name, and lands in a folder of its
own in the layout `pbx-crm replay` reads, every file compressed, with the truth as the phones tell it.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
from pathlib import Path
from zlib import crc32

from tests.e2e import lab_chains, lab_stories  # noqa: F401 - each registers its stories
from tests.e2e.company import TEAMS, Company
from tests.e2e.lab_parts import LAB_STORIES
from tests.e2e.playing import SETTLE_SECONDS, tapping
from tests.e2e.stories import STORIES, Stage
from tests.e2e.truth import Truth
from tests.parts.ami_tap import AmiTap

EVERY_STORY = STORIES | LAB_STORIES
SYSTEMNAMES = ("", "", "hq-old.2", "pbx1")
"""Every other story's PBX has a name of its own, which then stands before each Uniqueid."""


async def record(name: str, folder: Path, asterisk: int) -> None:
    """Plays one story on a PBX of its own and writes its tape."""
    draw = crc32(name.encode())
    async with Company(asterisk, systemname=SYSTEMNAMES[draw % len(SYSTEMNAMES)]) as company:
        team = company.teams[TEAMS[draw % len(TEAMS)]]
        async with tapping(company, "everything") as tap:
            stage = Stage(company, team, team.client(f"{draw % 100:02}"), tap)
            truths = await asyncio.wait_for(EVERY_STORY[name](stage), 60)
            await asyncio.sleep(SETTLE_SECONDS)
        _write(folder / f"company_{name}__{asterisk}-pjsip", name, company, tap, truths)


def _write(folder: Path, name: str, company: Company, tap: AmiTap, truths: list[Truth]) -> None:
    tap.save(folder)
    start = tap.chunks[0][0]
    logs = company.asterisk.home / "log"
    texts = {
        "truth.json": _truth_json(name, company, truths),
        "sip.tsv": _sip_tsv(company, start),
        "cdr.csv": _rows(CDR_HEADER, logs / "cdr-custom/cdr.csv"),
        "cel.csv": _rows(CEL_HEADER, logs / "cel-custom/pbx-crm.csv"),
    }
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    for file_path in list(folder.iterdir()):
        if file_path.suffix != ".gz" and file_path.name != "truth.json":
            with gzip.GzipFile(f"{file_path}.gz", "wb", mtime=0) as packed:
                packed.write(file_path.read_bytes())
            file_path.unlink()


def _truth_json(name: str, company: Company, truths: list[Truth]) -> str:
    told = {
        "scenario": name,
        "notes": (EVERY_STORY[name].__doc__ or "").strip(),
        "asterisk": company.asterisk.version(),
        "tech": "PJSIP",
        "sellers": [phone.name for team in company.teams.values() for phone in team.phones],
        "trunks": [provider.name for provider in company.providers],
        "calls": [truth.as_json() for truth in sorted(truths, key=lambda t: t.started_at)],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _sip_tsv(company: Company, start: float) -> str:
    lines = sorted((line for party in company.parties for line in party.log), key=lambda line: line.at)
    return "".join(
        f"{line.at - start:.4f}\t{line.party}\t{'>' if line.sent else '<'}\t{line.text}\t{line.call_id}\n"
        for line in lines
    )


def _rows(header: str, log: Path) -> str:
    return header + "\n" + (log.read_text(encoding="utf-8", errors="replace") if log.exists() else "")


CDR_HEADER = (
    "accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,"
    "billsec,disposition,amaflags,uniqueid,linkedid,userfield,sequence"
)
CEL_HEADER = (
    "eventtype,eventtime,cid_name,cid_num,cid_ani,cid_rdnis,cid_dnid,exten,context,channame,appname,"
    "appdata,uniqueid,linkedid,peer,userfield,userdeftype,eventextra"
)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("stories", nargs="*", metavar="STORY")
    parser.add_argument("--asterisk", type=int, default=22)
    given = parser.parse_args()
    for name in given.stories or LAB_STORIES:
        asyncio.run(_record_or_tell(name, given.folder, given.asterisk))


async def _record_or_tell(name: str, folder: Path, asterisk: int) -> None:
    try:
        await record(name, folder, asterisk)
        print(f"{name}: recorded")
    except AssertionError as error:
        print(f"{name}: NOT PLAYED: {error}")


if __name__ == "__main__":
    main()
