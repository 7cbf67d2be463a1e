"""The doctor's page: for whoever sets up telephony, in their language, worst first."""

from __future__ import annotations

from pbx_crm.domain.finding import Finding, fault, good
from pbx_crm.domain.sentence import Sentence
from tests.site import Crm


async def look() -> list[Finding]:
    """A right that is there, and one that is not."""
    mend = Sentence.of("manager.conf [%(user)s]: add system to read=", user="<pbx>")
    return [good("write", "all is well"), fault("read_system", Sentence.of("no FullyBooted"), mend)]


async def test_the_admin_runs_it_and_reads_the_worst_first(crm: Crm) -> None:
    crm.services.checkup.examine([], look)
    browser = await crm.browser(crm.cast.peter)
    page = await (await browser.get("/settings/doctor")).text()
    assert "data-finding" not in page
    found = await (await browser.post("/settings/doctor")).text()
    assert found.index("no FullyBooted") < found.index("all is well")
    assert "manager.conf [&lt;pbx&gt;]: add system to read=" in found
    assert "Run again" in found


async def test_only_whoever_sets_up_telephony_gets_it(crm: Crm) -> None:
    for person, status in ((crm.cast.anna, 403), (crm.cast.olga, 403), (crm.cast.peter, 200)):
        browser = await crm.browser(person)
        assert (await browser.post("/settings/doctor")).status == status
        tabs = await (await browser.get("/settings/extensions")).text()
        assert ("/settings/doctor" in tabs) is (person is crm.cast.peter)
