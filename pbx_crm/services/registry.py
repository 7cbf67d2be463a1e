"""Every service by its name: what `app.py` builds once and the pages are given."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.installation import Installation
from pbx_crm.services.accounts import Accounts
from pbx_crm.services.after_call import AfterCall
from pbx_crm.services.analysis import Analysis
from pbx_crm.services.automation import Automation
from pbx_crm.services.boards import Boards
from pbx_crm.services.bulk_deals import BulkDeals
from pbx_crm.services.call_archive import CallArchive
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.call_log import CallLog
from pbx_crm.services.checkup import Checkup
from pbx_crm.services.clientele import Clientele
from pbx_crm.services.clock import Clock
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.deals import Deals
from pbx_crm.services.dialling import Dialling
from pbx_crm.services.entry import Entry
from pbx_crm.services.gaps import Gaps
from pbx_crm.services.health import Health
from pbx_crm.services.listings import Listings
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.metrics import Metrics
from pbx_crm.services.moves import Moves
from pbx_crm.services.office import Office
from pbx_crm.services.pbx_link import PbxLink
from pbx_crm.services.popups import Popups
from pbx_crm.services.reconcile import Reconcile
from pbx_crm.services.reports import Reports
from pbx_crm.services.search import Search
from pbx_crm.services.setup import Setup
from pbx_crm.services.staff import Staff
from pbx_crm.services.tasks import Tasks
from pbx_crm.services.telephony import Telephony
from pbx_crm.services.voice import Voice


@dataclass(frozen=True, slots=True)
class Services:
    """One field a service; pages take the whole and use what they need."""

    installation: Installation
    clock: Clock
    live: LiveFeed
    pbx_link: PbxLink
    popups: Popups
    call_log: CallLog
    accounts: Accounts
    staff: Staff
    entry: Entry
    health: Health
    office: Office
    boards: Boards
    bulk_deals: BulkDeals
    deals: Deals
    moves: Moves
    deal_cards: DealCards
    tasks: Tasks
    call_archive: CallArchive
    listings: Listings
    search: Search
    reports: Reports
    intake: CallIntake
    gaps: Gaps
    reconcile: Reconcile
    metrics: Metrics
    dialling: Dialling
    checkup: Checkup
    setup: Setup
    automation: Automation
    after_call: AfterCall
    analysis: Analysis
    telephony: Telephony
    clients: Clientele
    voice: Voice
