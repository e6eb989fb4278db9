"""Do tides follow what looks find, forget, and know nothing of the look itself?"""

import pytest

from detectors import tides
from detectors.example import Example
from detectors.facts import DAY_S
from detectors.tides import Tides


def look(day, *, found=False, category="网吧", **more):
    """Return a look on a day."""
    return Example(
        id="x", domain="CULT", at=int(day * DAY_S), features=[], category=category,
        form=more.pop("form", ""), found=found, features_version=1, **more,
    )  # fmt: skip


def after(looks):
    """Return the tides after some looks."""
    found = Tides()
    for one in looks:
        found.learn(one)
    return found


def test_a_campaign_is_seen_the_next_day_and_gone_in_a_month():
    """Problems of one day lift the fast tide for days, and hardly after thirty."""
    campaign = after([look(100, found=True) for _ in range(20)])

    calm = Tides().read(look(101))["tide_all_days"]
    assert campaign.read(look(101))["tide_all_days"] > calm + 1.0
    assert campaign.read(look(130))["tide_all_days"] == pytest.approx(calm, abs=0.01)
    assert campaign.read(look(130))["tide_all_ever"] > calm + 1.0


def test_reading_does_not_learn():
    """A look's own outcome is in no tide before it is learned."""
    known = after([look(1, found=True)])
    before = {key: list(row) for key, row in known.counts.items()}

    known.read(look(2, found=True))

    assert known.counts == before


@pytest.mark.parametrize("kind", ["category", "form", "place", "inspector"])
def test_a_group_stands_out_against_the_whole(kind):
    """Where one group's looks find problems and others' do not, its tide is above 0, theirs not."""
    mine, others = look(1, **{kind: "A"}), look(1, **{kind: "B"})
    looks = [look(n, found=n % 2 == 0, **{kind: "AB"[n % 2]}) for n in range(40)]

    known = after(looks)

    assert known.read(mine)[f"tide_{kind}_ever"] > 0.3
    assert known.read(others)[f"tide_{kind}_ever"] < -0.3


def test_a_group_never_seen_says_nothing():
    """An unknown trade is the whole domain's: no tide of its own."""
    known = after([look(n, found=n % 3 == 0) for n in range(30)])

    assert not [name for name in known.read(look(31, category="书店")) if "category" in name]


def test_a_late_outcome_counts_as_in_time():
    """The order in which outcomes arrive does not change the tides."""
    looks = [look(day, found=day == 3) for day in (1, 2, 3, 4)]
    one, other = after(looks), after([looks[3], looks[1], looks[0], looks[2]])

    assert one.read(look(5)) == pytest.approx(other.read(look(5)))


def test_groups_are_bounded():
    """Above the cap the group that was silent longest goes."""
    known = after([look(n, category=f"c{n}") for n in range(tides.MOST_GROUPS + 9)])

    assert len(known.counts) == tides.MOST_GROUPS
    assert "category\tc0" not in known.counts
    assert "all\t" in known.counts
