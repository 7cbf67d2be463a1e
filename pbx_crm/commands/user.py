"""`pbx-crm user`: people and their extensions, from the command line of the server itself.

Whoever may read the configuration may do everything here, also make the first admin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from pbx_crm.app import build_services, open_database
from pbx_crm.config import Settings, load
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person, Role
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.staff import PersonForm, Staff

T = TypeVar("T")

asks_password = click.option(
    "--password",
    envvar="PBX_CRM_PASSWORD",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="Asked for if not given, or taken from PBX_CRM_PASSWORD.",
)


def _with_staff(config: Path, work: Callable[[Staff, Settings], Awaitable[T]]) -> T:
    """What the work returns, done on the configured database."""
    settings = load(config)

    async def run() -> T:
        database, passwords = open_database(settings), Passwords()
        try:
            services = build_services(database, settings.installation, passwords)
            return await work(services.staff, settings)
        except BadInput as refused:
            said = "; ".join(f"{field}: {reason}" for field, reason in refused.reasons.items())
            raise click.UsageError(said) from None
        finally:
            passwords.close()
            database.close()

    return asyncio.run(run())


async def _person(staff: Staff, login: str) -> Person:
    person = await staff.by_login(login)
    if person is None:
        raise click.UsageError(f"there is nobody with the log-in name {login}")
    return person


@click.command()
@click.argument("login")
@click.option("--name", help="As colleagues know them; the log-in name if not given.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.SELLER.value)
@click.option("--admin", is_flag=True, help="May set up telephony.")
@click.option("--extension", "extensions", multiple=True, help="Link this extension; may be repeated.")
@asks_password
@click.pass_obj
def add(
    config: Path,
    login: str,
    name: str | None,
    role: str,
    admin: bool,
    extensions: tuple[str, ...],
    password: str,
) -> None:
    """Add a person."""
    form = PersonForm(login, name or login, Role(role), admin)

    async def work(staff: Staff, settings: Settings) -> None:
        person_id = await staff.add(None, form, password)
        for number in extensions:
            await staff.link(None, settings.pbx[0].name, number, person_id)

    _with_staff(config, work)
    click.echo(f"added {login}")


@click.command("list")
@click.pass_obj
def list_people(config: Path) -> None:
    """List everybody with rights and extensions."""

    async def work(staff: Staff, _settings: Settings) -> None:
        found, with_factor = await staff.extensions(), await staff.who_has_second_factor()
        for person in await staff.everybody():
            open_links = [one for one in found.links if one.valid_to is None]
            mine = [one.number for one in open_links if one.person_id == person.id]
            rights = person.role.value + (" admin" if person.is_admin else "")
            state = " second-factor" if person.id in with_factor else ""
            state += "" if person.is_active else " disabled"
            click.echo(f"{person.login:<16} {person.name:<24} {rights}{state} {' '.join(mine)}".rstrip())
        for seen in found.unlinked:
            click.echo(f"linked to nobody: {seen.pbx} {seen.number}")

    _with_staff(config, work)


@click.command()
@click.argument("login")
@click.argument("extension")
@click.option("--pbx", help="Name of the PBX; the first of the configuration if not given.")
@click.option("--since", type=click.DateTime(), help="UTC; calls from then on are theirs. Now if not given.")
@click.pass_obj
def link(config: Path, login: str, extension: str, pbx: str | None, since: datetime | None) -> None:
    """Give an extension to a person; whoever had it has it until then."""

    async def work(staff: Staff, settings: Settings) -> None:
        names = settings.installation.pbxes
        if pbx is not None and pbx not in names:
            raise click.UsageError(f"there is no PBX {pbx}; configured: {', '.join(names)}")
        person = await _person(staff, login)
        from_then = since.replace(tzinfo=UTC) if since else None
        await staff.link(None, pbx or names[0], extension, person.id, from_then)

    _with_staff(config, work)
    click.echo(f"{extension} is {login}'s")


@click.command()
@click.argument("login")
@asks_password
@click.pass_obj
def password(config: Path, login: str, password: str) -> None:
    """Give a person a new password; their sessions end."""

    async def work(staff: Staff, _settings: Settings) -> None:
        await staff.set_password(None, (await _person(staff, login)).id, password)

    _with_staff(config, work)
    click.echo(f"{login} has a new password")


@click.command()
@click.argument("login")
@click.option("--undo", is_flag=True, help="Let them in again.")
@click.pass_obj
def disable(config: Path, login: str, undo: bool) -> None:
    """Shut a person out at once; their deals and calls stay theirs."""

    async def work(staff: Staff, _settings: Settings) -> None:
        await staff.set_active(None, (await _person(staff, login)).id, active=undo)

    _with_staff(config, work)
    click.echo(f"{login} is {'let in again' if undo else 'shut out'}")


@click.command("reset-second-factor")
@click.argument("login")
@click.pass_obj
def reset_second_factor(config: Path, login: str) -> None:
    """Let a person who lost phone and recovery codes log in by the password alone; their sessions end."""

    async def work(staff: Staff, _settings: Settings) -> None:
        await staff.reset_second_factor(None, (await _person(staff, login)).id)

    _with_staff(config, work)
    click.echo(f"{login} logs in by the password alone")


COMMANDS: dict[str, click.Command] = {
    "add": add,
    "list": list_people,
    "link": link,
    "password": password,
    "disable": disable,
    "reset-second-factor": reset_second_factor,
}
