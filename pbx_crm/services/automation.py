"""What the program does by the clock and by rules: calendars, reminders, robots, requests of the site."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.advices import Advices
from pbx_crm.services.calendars import Calendars
from pbx_crm.services.dry_runs import DryRuns
from pbx_crm.services.ground import Ground
from pbx_crm.services.job_loop import JobLoop
from pbx_crm.services.reminders import Reminders
from pbx_crm.services.robot_acts import WEBHOOK
from pbx_crm.services.robots import SWEEP, Robots
from pbx_crm.services.site_forms import SiteForms
from pbx_crm.services.voice import Voice
from pbx_crm.services.voice_calls import SWEEP as VOICE_SWEEP
from pbx_crm.services.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Automation:
    """One field a service."""

    calendars: Calendars
    reminders: Reminders
    robots: Robots
    advices: Advices
    webhooks: Webhooks
    jobs: JobLoop
    dry_runs: DryRuns
    site_forms: SiteForms

    @classmethod
    def on(cls, ground: Ground, voice: Voice) -> Automation:
        """The services of this area, standing on this."""
        database, live, clock = ground.database, ground.live, ground.clock
        webhooks = Webhooks(database, clock)
        robots = Robots(database, live, clock, webhooks.judge)
        works = {SWEEP: robots.run_job, WEBHOOK: webhooks.run_job, VOICE_SWEEP: voice.calls.run_job}
        return cls(
            calendars=Calendars(database, clock),
            reminders=Reminders(database, live, clock),
            robots=robots,
            advices=Advices(database, live, clock),
            webhooks=webhooks,
            jobs=JobLoop(database, clock, works),
            dry_runs=DryRuns(database, clock, ground.plans),
            site_forms=SiteForms(database, live, clock),
        )
