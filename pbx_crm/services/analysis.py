"""What the reports stand on, and what heads put up of it."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.boards import Boards
from pbx_crm.services.ground import Ground
from pbx_crm.services.origins import Origins
from pbx_crm.services.overviews import Overviews
from pbx_crm.services.plans import Plans
from pbx_crm.services.report_tables import ReportTables
from pbx_crm.services.reports import Reports
from pbx_crm.services.rollups import Rollups
from pbx_crm.services.tasks import Tasks
from pbx_crm.services.walls import Walls


@dataclass(frozen=True, slots=True)
class Analysis:
    """One field a service."""

    rollups: Rollups
    walls: Walls
    plans: Plans
    origins: Origins
    tables: ReportTables
    overviews: Overviews

    @classmethod
    def on(cls, ground: Ground) -> Analysis:
        """The services of reports, standing on this."""
        reports, plans, origins = Reports(ground.database), Plans(ground), Origins(ground)
        tasks = Tasks(ground.database, ground.live, ground.clock)
        return cls(
            rollups=Rollups(ground.database, ground.clock),
            walls=Walls(ground),
            plans=plans,
            origins=origins,
            tables=ReportTables(reports, plans, origins, ground.clock),
            overviews=Overviews(reports, plans, tasks, Boards(ground.database, ground.clock)),
        )
