"""The banner says what is wrong with the PBX link, to whom it helps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx_crm.domain.pbx_link import LinkState, LinkStatus, NoticeKind
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import Sentence
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.pbx_link import PbxLink

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANNA = Person(1, "anna", "Anna", Role.SELLER)
OLGA = Person(2, "olga", "Olga", Role.HEAD)
PETER = Person(3, "peter", "Peter", Role.NONE, is_admin=True)
CUT = Sentence.of("The connection to %(place)s was cut.", place="pbx:5038")
UP = LinkState(LinkStatus.UP, NOON, Sentence("Connected."))
DOWN = LinkState(LinkStatus.DOWN, NOON + timedelta(minutes=2), CUT)
TRYING = LinkState(LinkStatus.CONNECTING, NOON + timedelta(minutes=3), Sentence("Connecting."))
REFUSED = LinkState(LinkStatus.REFUSED, NOON, Sentence("Check secret= in manager.conf."))


class Wall:
    """A PbxLink with a clock to turn and an ear on its signals."""

    def __init__(self) -> None:
        self.now = NOON
        self.signals = 0
        live = LiveFeed()
        live.subscribe(ANNA, self._hear)
        self.link = PbxLink(live, lambda: self.now)

    def _hear(self, topics: frozenset[str]) -> None:
        assert topics == {"pbx"}
        self.signals += 1

    def kinds(self, viewer: Person) -> list[tuple[str, NoticeKind]]:
        """Which lines this viewer's banner has."""
        return [(notice.pbx, notice.kind) for notice in self.link.notices(viewer)]


@pytest.fixture
def wall() -> Wall:
    """Nothing known of any PBX yet."""
    return Wall()


def test_nothing_is_shown_while_all_is_well(wall: Wall) -> None:
    assert wall.link.notices(OLGA) == ()
    wall.link.changed("main", UP)
    assert wall.link.notices(OLGA) == ()


def test_a_seller_reads_since_when_and_no_technicalities(wall: Wall) -> None:
    wall.link.changed("main", DOWN)
    (notice,) = wall.link.notices(ANNA)
    assert (notice.kind, notice.since, notice.details) == (NoticeKind.DOWN, DOWN.since, ())


@pytest.mark.parametrize("viewer", [OLGA, PETER], ids=["head", "admin"])
def test_whoever_can_mend_it_reads_what_happened(wall: Wall, viewer: Person) -> None:
    wall.link.changed("main", DOWN)
    assert [str(line) for line in wall.link.notices(viewer)[0].details] == [
        "The connection to pbx:5038 was cut."
    ]


def test_a_refused_password_is_trouble_too(wall: Wall) -> None:
    wall.link.changed("main", REFUSED)
    assert [str(line) for line in wall.link.notices(PETER)[0].details] == ["Check secret= in manager.conf."]


def test_trying_again_does_not_hide_that_calls_are_not_seen(wall: Wall) -> None:
    wall.link.changed("main", DOWN)
    wall.link.changed("main", TRYING)
    assert wall.link.notices(ANNA)[0].since == DOWN.since


def test_a_first_start_is_no_trouble(wall: Wall) -> None:
    wall.link.changed("main", TRYING)
    assert wall.link.notices(OLGA) == ()


def test_a_missing_right_is_shown_to_those_who_can_give_it(wall: Wall) -> None:
    wall.link.changed(
        "main", LinkState(LinkStatus.UP, NOON, Sentence("Connected."), (Sentence("Add call."),))
    )
    assert wall.kinds(OLGA) == [("main", NoticeKind.PARTIAL)]
    assert wall.kinds(ANNA) == []


def test_the_good_news_lasts_five_seconds(wall: Wall) -> None:
    wall.link.changed("main", DOWN)
    wall.now = NOON + timedelta(minutes=9)
    wall.link.changed("main", UP)
    assert wall.kinds(ANNA) == [("main", NoticeKind.BACK)]
    wall.now += timedelta(seconds=5)
    assert wall.kinds(ANNA) == []


def test_a_link_that_never_was_down_is_not_announced_as_back(wall: Wall) -> None:
    wall.link.changed("main", TRYING)
    wall.link.changed("main", UP)
    assert wall.kinds(ANNA) == []


def test_the_worst_pbx_stands_first(wall: Wall) -> None:
    wall.link.changed("a", LinkState(LinkStatus.UP, NOON, Sentence("Connected."), (Sentence("Add call."),)))
    wall.link.changed("b", DOWN)
    assert wall.kinds(OLGA) == [("b", NoticeKind.DOWN), ("a", NoticeKind.PARTIAL)]


def test_browsers_hear_of_a_change_once(wall: Wall) -> None:
    for state in (UP, UP, DOWN, TRYING, DOWN, UP):
        wall.link.changed("main", state)
    assert wall.signals == 3
