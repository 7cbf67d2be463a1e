"""AMI over TLS on a real Asterisk: its own certificate is believed if it is named, a stranger's never."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.ami_actions import ping
from pbx_crm.asterisk.ami_events import is_needed
from pbx_crm.asterisk.ami_listener import AmiListener
from pbx_crm.asterisk.ami_news import InboxItem
from pbx_crm.domain.pbx_link import LinkStatus
from tests.asterisk.quick import QUICK
from tests.e2e.company import Company
from tests.e2e.company_config import SECRET, manager_conf
from tests.e2e.served_crm import until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
PORT = 5039


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: what the PBX shows, and another one's."""

    own: Path
    stranger: Path


def self_signed(folder: Path, name: str) -> tuple[str, str]:
    """Key and certificate as an admin makes them, without the names a browser would ask for."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={name}",
    ]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return key.read_text(), certificate.read_text()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def certificates(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """The company's AMI offers TLS with a certificate of its own."""
    folder = tmp_path_factory.mktemp("tls")
    key, shown = self_signed(folder, "pbx")
    self_signed(folder, "stranger")
    tls = f"tlsenable = yes\ntlsbindaddr = {company.network.pbx}:{PORT}\n"
    tls += f"tlscertfile = {company.asterisk.inside}/etc/ami.pem\n"
    plain = manager_conf(company.network.pbx)
    company.asterisk.write(
        {"ami.pem": key + shown, "manager.conf": plain.replace("[everything]", tls + "[everything]")}
    )
    company.asterisk.cli("manager reload")
    return Certificates(folder / "pbx.pem", folder / "stranger.pem")


@asynccontextmanager
async def listening(company: Company, trusted: Path | None, port: int = PORT) -> AsyncIterator[AmiListener]:
    """A listener over TLS that believes in this PEM file."""
    account = AmiAccount(company.network.pbx, port, "everything", SECRET, tls=True, tls_ca=trusted)
    made = AmiListener(account, list[InboxItem]().append, is_needed, timing=QUICK)
    running = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await made.close()
        await running


async def becomes(listener: AmiListener, status: LinkStatus) -> str:
    """What is said once the link is so."""

    async def is_so() -> bool:
        return listener.state.status is status

    await until(is_so, what=f"the link to be {status}")
    return str(listener.state.sentence)


async def test_the_pbx_s_own_certificate_is_believed_once_it_is_named(
    company: Company, certificates: Certificates
) -> None:
    async with listening(company, certificates.own) as link:
        assert "Connected to the PBX" in await becomes(link, LinkStatus.UP)
        assert (await link.ask(ping()))[0].success


@pytest.mark.parametrize("named", ["stranger", None])
async def test_nobody_else_s_certificate_gets_the_secret(
    company: Company, certificates: Certificates, named: str | None
) -> None:
    trusted = certificates.stranger if named else None
    async with listening(company, trusted) as link:
        said = await becomes(link, LinkStatus.DOWN)
        assert "certificate is not trusted" in said
        assert "tls_ca" in said
        assert link.figures.bytes == 0


async def test_a_file_that_holds_no_certificate_is_said(company: Company, tmp_path: Path) -> None:
    async with listening(company, tmp_path / "absent.pem") as link:
        assert "No such file" in await becomes(link, LinkStatus.DOWN)


async def test_a_plain_port_that_is_taken_for_tls_is_said(
    company: Company, certificates: Certificates
) -> None:
    async with listening(company, certificates.own, port=5038) as link:
        assert "cannot be reached" in await becomes(link, LinkStatus.DOWN)
