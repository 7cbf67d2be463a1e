"""Figures for a monitoring system, in Prometheus' text format. No client data is in them.

Counters of the link are read from the call streams when somebody asks; what a stream gives is declared
here as a protocol, since services know no Asterisk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx_crm.db import gaps
from pbx_crm.db.engine import Database, Transaction

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class LinkFigures:
    """One PBX's link at this moment; counts are since the start of the program."""

    is_up: bool
    events: int
    broken: int
    connections: int
    refusals: int
    inbox_depth: int
    undelivered: int
    dropped: int


@dataclass(frozen=True, slots=True)
class StoredFigures:
    """What the database knows."""

    open_calls: dict[str, int]
    unfilled_gaps: int


COUNTERS = (
    ("events", "Events of the PBX that were read."),
    ("broken", "Events skipped because something in them was missing or wrong."),
    ("connections", "Log-ins that worked."),
    ("refusals", "Log-ins that were refused."),
    ("undelivered", "Batches of facts that could not be stored after several tries."),
    ("dropped", "Messages dropped because nobody took the facts."),
)


class Metrics:
    """Collects when it is asked; only the latency is observed as it happens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._registry = CollectorRegistry()
        self._links: dict[str, Callable[[], LinkFigures]] = {}
        self._stored = StoredFigures({}, 0)
        self._event_to_card = Histogram(
            "pbx_crm_event_to_card_seconds",
            "From the arrival of a PBX event to the commit of what follows from it.",
            registry=self._registry,
            buckets=SECONDS,
        )
        self._registry.register(_Figures(self))

    def watch(self, pbx: str, figures: Callable[[], LinkFigures]) -> None:
        """From now on this PBX's link is among the figures."""
        self._links[pbx] = figures

    def stored(self, seconds: float, facts: int) -> None:
        """So many facts were committed so long after their event had arrived."""
        for _ in range(facts):
            self._event_to_card.observe(max(seconds, 0.0))

    async def text(self) -> bytes:
        """All figures now, as Prometheus reads them."""
        self._stored = await self._database.read(_stored)
        return generate_latest(self._registry)

    def families(self) -> Iterable[Metric]:
        """The figures that are looked up rather than counted."""
        links = {pbx: figures() for pbx, figures in self._links.items()}
        for name, text in COUNTERS:
            counter = CounterMetricFamily(f"pbx_crm_{name}", text, labels=["pbx"])
            for pbx, figures in links.items():
                counter.add_metric([pbx], getattr(figures, name))
            yield counter
        yield _by_pbx(
            "pbx_crm_ami_up", "1 while calls are seen.", {p: int(f.is_up) for p, f in links.items()}
        )
        depths = {pbx: figures.inbox_depth for pbx, figures in links.items()}
        yield _by_pbx("pbx_crm_inbox_depth", "Messages of the PBX waiting to be read.", depths)
        open_calls = {pbx: self._stored.open_calls.get(pbx, 0) for pbx in links}
        yield _by_pbx("pbx_crm_open_calls", "Calls that go on.", open_calls)
        waiting = GaugeMetricFamily("pbx_crm_writer_depth", "Units of work waiting for the database.")
        waiting.add_metric([], self._database.depth)
        yield waiting
        unfilled = GaugeMetricFamily("pbx_crm_unfilled_gaps", "Stretches in which a PBX was not heard.")
        unfilled.add_metric([], self._stored.unfilled_gaps)
        yield unfilled


class _Figures(Collector):
    """Hands the registry what `Metrics` looks up."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """One family a figure."""
        return self._metrics.families()


def _by_pbx(name: str, text: str, values: dict[str, int]) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=["pbx"])
    for pbx, value in values.items():
        gauge.add_metric([pbx], value)
    return gauge


def _stored(tx: Transaction) -> StoredFigures:
    return StoredFigures(gaps.open_calls(tx), gaps.unfilled(tx))
