"""The command `pbx-crm`: one small function per command, each importing what it needs when it runs.

Late imports keep `pbx-crm replay` free of the database and the web server, and `--help` quick. A command
holds no rules: it reads its options, calls one function of another room and turns the answer into an
exit code. Exit codes: 0 ok, 1 found faults, 2 wrong use.
"""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from pbx_crm import __version__
from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.errors import CrmError
from pbx_crm.domain.report_filter import ReportName

WRONG_USE = 2
BANDS = [band.value for band in AmountBand]
STEPS = ["day", "week", "month", "quarter"]
REPORTS = [name.value for name in ReportName]


class Commands(click.Group):
    """A command group that tells our own errors in words instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Whatever the command returns; an error of ours ends the program with code 2 and its sentence."""
        try:
            return super().invoke(ctx)
        except CrmError as error:
            click.echo(f"pbx-crm: {error}", err=True)
            ctx.exit(WRONG_USE)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="pbx-crm")
def main() -> None:
    """Calls of an Asterisk PBX become deals on a funnel."""


@main.command()
@click.argument("tapes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of a table.")
@click.option(
    "--source",
    type=click.Choice(["ami", "cel", "cdr", "all"]),
    default="ami",
    show_default=True,
    help="Which part of the recordings to read.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Take the shape of the PBX from this file.")
@click.pass_context
def replay(
    ctx: click.Context, tapes: tuple[Path, ...], as_json: bool, source: str, config: Path | None
) -> None:
    """Print the calls in recordings: folders, or single files of one source."""
    from pbx_crm.asterisk.replay_command import replay_tapes

    ctx.exit(replay_tapes(tapes, as_json=as_json, source=source, config=config))


@main.command()
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
def serve(config: Path) -> None:
    """Run the CRM beside the PBXes of a configuration file."""
    import asyncio

    from pbx_crm import logs
    from pbx_crm.app import serve as serve_until_stopped
    from pbx_crm.config import load

    logs.set_up()
    asyncio.run(serve_until_stopped(load(config), announce=lambda app: click.echo(f"pbx_crm: {app.url}")))


@main.command()
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
def migrate(config: Path) -> None:
    """Bring the database to this version; harmless when it is there already."""
    from pbx_crm.config import load
    from pbx_crm.db import migrate as migrations
    from pbx_crm.db.engine import make_engine

    engine = make_engine(load(config).database.url.get_secret_value())
    try:
        click.echo(f"the database is at revision {migrations.upgrade(engine)}")
    finally:
        engine.dispose()


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the data in this folder."
)
def demo(port: int, data: Path | None) -> None:
    """Try it: a practice PBX plays calls, a small company works on them."""
    import asyncio

    from pbx_crm import logs
    from pbx_crm.demo import run

    logs.set_up()
    asyncio.run(run(port, data))


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
@click.option("--pbx", "name", help="Which [[pbx]] of the file; the first one if not told.")
@click.option("--seconds", type=float, help="Stop after so long; without it, at Ctrl-C.")
@click.option(
    "--pseudonyms",
    type=click.Path(path_type=Path, exists=True),
    help="Replace clients' numbers; this file's text is the secret they are made with.",
)
@click.option("--keep", multiple=True, help="A number to leave as it is, such as a DID; may be repeated.")
def record(
    folder: Path,
    config: Path,
    name: str | None,
    seconds: float | None,
    pseudonyms: Path | None,
    keep: tuple[str, ...],
) -> None:
    """Record what a PBX says into FOLDER, as `replay` reads it."""
    from pbx_crm.commands.record import record_into
    from pbx_crm.config import load

    record_into(folder, load(config), name, seconds, pseudonyms, keep)


@main.command()
@click.argument("name", type=click.Choice(REPORTS))
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="The first day; not for a forecast.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.option("--seller", help="Only the figures of the person of this name.")
@click.option("--line", help="Only calls of this line.")
@click.option("--funnel", help="Which funnel; the first one if not told.")
@click.option("--source", help="Only calls and deals of this source.")
@click.option("--region", help="Only clients of this region, by its English or its own name.")
@click.option("--band", type=click.Choice(BANDS), help="Only deals of these amounts.")
@click.option("--by", type=click.Choice(STEPS), help="Steps of a trend, length of a plan.")
@click.option("--zone", help="Whose days; the installation's time zone if not told.")
@click.option("--json", "form", flag_value="json", help="One JSON object.")
@click.option("--csv", "form", flag_value="csv", help="CSV as the page gives it.")
@click.option("--xlsx", "form", flag_value="xlsx", help="A workbook, as the page gives it.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Into this file.")
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
def report(
    name: str,
    first: datetime | None,
    last: datetime | None,
    seller: str | None,
    line: str | None,
    funnel: str | None,
    source: str | None,
    region: str | None,
    band: str | None,
    by: str | None,
    zone: str | None,
    form: str | None,
    output: Path | None,
    config: Path,
) -> None:
    """Print a report over whole days, as its page shows it to a head."""
    from pbx_crm.commands.report import Asked, print_report
    from pbx_crm.config import load

    days = (first.date() if first else None, last.date() if last else None)
    asked = Asked(ReportName(name), *days, seller, line, funnel, zone, source, band, region, by or "")
    print_report(load(config), asked, form or "text", output)


@main.command()
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Today if not told.")
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
@click.pass_context
def ledger(ctx: click.Context, day: datetime | None, config: Path) -> None:
    """Account for every call the PBX wrote down that day; exit code 1 if one is missing."""
    from pbx_crm.commands.ledger import print_ledger
    from pbx_crm.config import load

    ctx.exit(print_ledger(load(config), day.date() if day else None))


@main.command()
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON, for monitoring.")
@click.option(
    "--listen",
    type=click.FloatRange(1, 600),
    default=3,
    show_default=True,
    help="Seconds to listen to each PBX; make a call meanwhile, and more is seen.",
)
@click.option(
    "--test-call",
    metavar="[PBX:]PHONE[,PHONE]",
    default="",
    help="Ring this phone, follow the call.",
)
@click.pass_context
def doctor(ctx: click.Context, config: Path, as_json: bool, listen: float, test_call: str) -> None:
    """Look at PBX, files and records; name every fault and the line that mends it."""
    from pbx_crm.commands.doctor import doctor as look

    ctx.exit(look(config, as_json=as_json, listen=listen, test_call=test_call))


@main.command()
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
@click.option("--name", default="office", prompt="Name of the PBX", help="Calls carry it; it stays.")
@click.option("--host", prompt="Address of the PBX")
@click.option("--port", type=click.IntRange(1, 65535), default=5038, show_default=True)
@click.option("--user", default="pbx-crm", prompt="Name of the AMI user", help="[a-z0-9-].")
@click.option(
    "--pbx",
    type=click.Choice(["asterisk", "asterisk-16", "freepbx"]),
    default="asterisk",
    prompt="Kind of PBX",
    help="asterisk-16 stands for 16, for 18 before 18.26 and 20 before 20.11.",
)
@click.option("--crm-address", default="127.0.0.1", prompt="Address of this machine as the PBX sees it")
@click.option("--region", prompt="Country of national numbers (DE, RU, …)")
@click.option("--time-zone", prompt="Time zone (Europe/Berlin, …)")
@click.option("--currency", prompt="Currency (EUR, RUB, …)")
@click.option("--database", default="sqlite:////var/lib/pbx-crm/crm.db", prompt="Database")
@click.option(
    "--look-up/--no-look-up",
    default=True,
    show_default=True,
    help="Let the dialplan ask whose client calls: writes its token, and where it finds the CRM.",
)
@click.option("--web-port", type=click.IntRange(1, 65535), default=8080, show_default=True)
def init(config: Path, **answers: Any) -> None:
    """Write a configuration, secrets and the PBX's files they go into; every answer is an option, too."""
    from pbx_crm.commands.init import Answers, write_all

    write_all(config, Answers(**answers))


class LateGroup(click.Group):
    """A group whose commands are imported when one of them is wanted: those of `pbx_crm/commands/NAME.py`."""

    @property
    def _commands(self) -> dict[str, click.Command]:
        commands: dict[str, click.Command] = import_module(f"pbx_crm.commands.{self.name}").COMMANDS
        return commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands."""
        return list(self._commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        return self._commands.get(cmd_name)


@main.command(cls=LateGroup)
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
@click.pass_context
def user(ctx: click.Context, config: Path) -> None:
    """Add people, link their extensions, help them in again."""
    ctx.obj = config


@main.command(cls=LateGroup)
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
@click.pass_context
def rollup(ctx: click.Context, config: Path) -> None:
    """Build the sums behind the reports anew, or compare them with the calls."""
    ctx.obj = config


@main.command(cls=LateGroup)
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
@click.pass_context
def regions(ctx: click.Context, config: Path) -> None:
    """Put numbers into regions, by files you have and by what comes with the program."""
    ctx.obj = config


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
def backup(file: Path, config: Path) -> None:
    """Write everything the CRM keeps into FILE; it may go on working meanwhile."""
    from pbx_crm.commands.backup import write_backup
    from pbx_crm.config import load

    write_backup(load(config), file)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Throw away what the database holds now.")
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
def restore(file: Path, replace: bool, config: Path) -> None:
    """Fill the configured database from a backup; the program must not be running."""
    from pbx_crm.commands.backup import read_backup
    from pbx_crm.config import load

    read_backup(load(config), file, replace=replace)


@main.command()
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--deals", is_flag=True, help="Make deals of the calls too, as they would be made today.")
@click.option("--pbx", help="Only this [[pbx]] of the file.")
@click.option("--source", type=click.Choice(["cel", "cdr"]), help="The one that is read live if not told.")
@click.option("--config", type=click.Path(path_type=Path), default="pbx_crm.toml", show_default=True)
def backfill(since: datetime, deals: bool, pbx: str | None, source: str | None, config: Path) -> None:
    """Take in the calls and clients of the past; broken off, it goes on where it was."""
    from pbx_crm.commands.backfill import Asked, fill_past
    from pbx_crm.config import load
    from pbx_crm.services.interpreter import prepare_interpreter

    prepare_interpreter()
    fill_past(load(config), Asked(since.date(), pbx, source, deals))
