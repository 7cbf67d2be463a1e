"""Funnels and their stages, and the four presets a new installation may start from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pbx_crm.domain.gate import Gate
from pbx_crm.domain.sentence import N_

HUES = 8
"""Colours of stages; which they are is the style sheet's matter."""


class StageKind(StrEnum):
    """What a column means: where calls land, where the work is, and the two ends."""

    UNSORTED = "unsorted"
    OPEN = "open"
    WON = "won"
    LOST = "lost"

    @property
    def is_closed(self) -> bool:
        """Whether a deal in such a stage is over."""
        return self in (StageKind.WON, StageKind.LOST)


@dataclass(frozen=True, slots=True)
class Stage:
    """One column of a funnel."""

    id: int
    funnel_id: int
    name: str
    kind: StageKind
    position: int
    hue: int
    """Index of the colour token, 0 to 7."""
    probability: int
    """Percent of deals here expected to be won."""
    idle_hours: int | None = None
    reached_when: str = ""
    what_to_do: str = ""
    is_retired: bool = False
    gate: Gate | None = None
    """What confirms that it is reached; None: nothing is asked."""


@dataclass(frozen=True, slots=True)
class LossReason:
    """Why a deal was lost, chosen with one click."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """A way of selling: its stages in order, Unsorted first, Lost last."""

    id: int
    name: str
    currency: str
    stages: tuple[Stage, ...]
    loss_reasons: tuple[LossReason, ...] = ()
    is_retired: bool = False

    @property
    def stages_in_use(self) -> tuple[Stage, ...]:
        """The stages that stand on the board; a retired one stays for the history alone."""
        return tuple(stage for stage in self.stages if not stage.is_retired)

    @property
    def unsorted(self) -> Stage:
        """Where a new call's card lies."""
        return next(stage for stage in self.stages if stage.kind is StageKind.UNSORTED)

    def stage(self, stage_id: int) -> Stage | None:
        """The stage with this id, if it is one of this funnel's."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    def stage_after(self, stage_id: int) -> Stage | None:
        """The next stage on the way to the purchase; None at its end, and for a stage off the way."""
        way = [stage for stage in self.stages_in_use if stage.kind is not StageKind.LOST]
        here = next((place for place, stage in enumerate(way) if stage.id == stage_id), None)
        if here is None or way[here].kind.is_closed or here + 1 == len(way):
            return None
        return way[here + 1]


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready-made funnel; names are message ids, translated when the funnel is made."""

    key: str
    name: str
    open_stages: tuple[str, ...]
    won: str
    loss_reasons: tuple[str, ...]

    def stages(self) -> tuple[tuple[str, StageKind, int], ...]:
        """(name, kind, probability) in board order, Unsorted first and Lost last."""
        share = 100 // (len(self.open_stages) + 1)
        opened = tuple(
            (name, StageKind.OPEN, share * (number + 1)) for number, name in enumerate(self.open_stages)
        )
        return (
            (N_("Unsorted"), StageKind.UNSORTED, 5),
            *opened,
            (self.won, StageKind.WON, 100),
            (N_("Lost"), StageKind.LOST, 0),
        )


def drawn(preset: Preset, currency: str, translate: Callable[[str], str]) -> Funnel:
    """The preset as a funnel that nobody stored yet; `translate` gives its words a language."""
    stages = tuple(
        Stage(0, 0, translate(name), kind, place, place % HUES, probability)
        for place, (name, kind, probability) in enumerate(preset.stages())
    )
    reasons = tuple(LossReason(0, translate(name)) for name in preset.loss_reasons)
    return Funnel(0, translate(preset.name), currency, stages, reasons)


REASONS = (
    N_("Too expensive"),
    N_("Chose a competitor"),
    N_("No need"),
    N_("Cannot be reached"),
    N_("Not a client"),
)

PRESETS = (
    Preset(
        "telephony",
        N_("Telephony"),
        (N_("New"), N_("Presentation"), N_("Commercial offer")),
        N_("Purchase"),
        REASONS,
    ),
    Preset(
        "b2b",
        N_("B2B"),
        (
            N_("Opportunity"),
            N_("Commercial offer"),
            N_("Document approval"),
            N_("Signing and payment"),
            N_("Implementation"),
        ),
        N_("Closed"),
        (*REASONS, N_("Lost the tender"), N_("Budget is gone")),
    ),
    Preset(
        "repeat",
        N_("Repeat sales"),
        (
            N_("Cold call"),
            N_("Presentation"),
            N_("Offer"),
            N_("Contract"),
            N_("Payment"),
            N_("Delivery"),
            N_("Repeat purchase"),
        ),
        N_("Constant purchase"),
        REASONS,
    ),
    Preset("aida", N_("AIDA"), (N_("Attention"), N_("Interest"), N_("Desire")), N_("Action"), REASONS),
)

EMPTY = Preset("empty", N_("New funnel"), (), N_("Won"), REASONS)
"""What no funnel can do without, for those who draw their own stages between the ends."""
