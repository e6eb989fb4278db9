"""Is a region warned of once, at the right place, as gravely as its signals are?"""

import msgspec
import pytest

from detectors.clusters import Past, surveyed
from detectors.facts import DAY_S
from detectors.measure import Level, Measure
from detectors.official import Month
from detectors.regions import Census, Failure, Watched, month_window, week_window
from detectors.regions_plan import parse_regions
from tests import builders as b

PLAN = parse_regions(b.documents())
WEEK = week_window(b.at(0))
TOWNS = [f"410422{n:03d}" for n in range(1, 7)]
CALM, ROUGH = 1, 20


def firm(number, *, place, industry="H6210", rank=0, **more):
    """Return an enterprise as the survey sees it."""
    values = {
        "uscc": f"U{number:05d}", "name": f"企业{number}", "domain": "CATER", "score": 250.0 * rank,
        "warnings": 0, "trouble": 0,
    }  # fmt: skip
    return Watched(place=place, industry=industry, rank=rank, **(values | more))


def census(bad_by_place, *, window=WEEK, failing=(), size=40, first=0):
    """Return a census: so many bad of forty in each place, and ``failing`` (place, item, n)."""
    counted = Census(PLAN, window)
    number = first
    for place, bad in bad_by_place.items():
        for one in range(size):
            number += 1
            counted.add(firm(number, place=place, rank=3 if one < bad else 0))
    for place, item, n in failing:
        for _ in range(n):
            number += 1
            failure = Failure(item, window.end_s - DAY_S, "FSAMP")
            counted.add(firm(number, place=place, failures=(failure,)))
    return counted


def warned(counted, history=None):
    """Return the warnings of a census."""
    return surveyed(counted, history or {}, general="PUB").warnings


def one_town(bad=ROUGH):
    """Return the townships of a county, one of them rough."""
    return dict.fromkeys(TOWNS, CALM) | {TOWNS[0]: bad}


def test_a_calm_county_is_left_alone():
    """Where all are alike nobody is warned."""
    assert warned(census(dict.fromkeys(TOWNS, CALM))) == ()


def test_one_signal_is_yellow():
    """A township far above its siblings: the county's department is told, with the members."""
    (warning,) = warned(census(one_town()))

    assert (warning.level, warning.measure) == (Level.YELLOW, Measure.WARNING)
    assert (warning.place, warning.section, warning.domain) == ("410422", "H", "CATER")
    assert warning.industry == "住宿和餐饮业"
    assert "高于同级上限" in warning.signals[0]
    assert warning.member_count == 20
    assert {member.risk_class.value for member in warning.members} == {"D"}
    assert warning.rule == "W28"


def test_five_with_the_same_failed_item_are_a_cluster():
    """Concentration: five of one industry in one township; four are none."""
    calm = dict.fromkeys(TOWNS, CALM)

    (warning,) = warned(census(calm, failing=[(TOWNS[0], "苯甲酸", 5)]))

    assert warned(census(calm, failing=[(TOWNS[0], "苯甲酸", 4)])) == ()
    assert (warning.level, warning.domain, warning.member_count) == (Level.YELLOW, "FSAMP", 5)
    assert "5家企业30天内同一项目不合格：苯甲酸" in warning.signals[0]


@pytest.mark.parametrize(
    "failing",
    [
        pytest.param([(TOWNS[0], "苯甲酸", 3), (TOWNS[0], "铅", 3)], id="two items"),
        pytest.param([(TOWNS[0], "苯甲酸", 3), (TOWNS[1], "苯甲酸", 3)], id="two townships"),
        pytest.param([("410422", "苯甲酸", 6)], id="a township that nobody knows"),
    ],
)
def test_what_is_no_concentration(failing):
    """The same item, the same township: anything else is spread out."""
    assert warned(census(dict.fromkeys(TOWNS, CALM), failing=failing)) == ()


def test_one_enterprise_failing_five_times_is_no_cluster():
    """Enterprises are counted, not failures."""
    counted = census(dict.fromkeys(TOWNS, CALM))
    failures = tuple(Failure("苯甲酸", b.at(-1) + n, "FSAMP") for n in range(5))
    counted.add(firm(9999, place=TOWNS[0], failures=failures))

    assert warned(counted) == ()


def test_a_cluster_of_last_week_is_not_told_again():
    """Without a new failure within the window the old ones have been told."""
    counted = census(dict.fromkeys(TOWNS, CALM))
    for number in range(5):
        failure = Failure("苯甲酸", b.at(-20), "FSAMP")
        counted.add(firm(9000 + number, place=TOWNS[0], failures=(failure,)))

    assert warned(counted) == ()


def test_two_signals_are_orange():
    """Level and concentration together are a proposal for a targeted check."""
    (warning,) = warned(census(one_town(), failing=[(TOWNS[0], "苯甲酸", 5)]))

    assert (warning.level, warning.measure) == (Level.ORANGE, Measure.INTERVIEW)
    assert "定向抽查" in warning.proposal
    assert len(warning.signals) == 2


def test_the_same_signal_in_the_next_period_is_orange():
    """Two consecutive periods; a gap between them begins anew."""
    first = surveyed(census(one_town()), {}, general="PUB")
    next_week = week_window(b.at(7))
    later = week_window(b.at(14))

    (second,) = warned(census(one_town(), window=next_week), first.history)
    (after_gap,) = warned(census(one_town(), window=later), first.history)

    assert second.level is Level.ORANGE
    assert after_gap.level is Level.YELLOW


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param({"casualties": True}, id="people were hurt"),
        pytest.param({"mass_complaint": True}, id="many complain"),
    ],
)
def test_harm_is_red(harm):
    """A signal in a cell where people were hurt, or complain in numbers, is red."""
    counted = census(one_town())
    counted.add(firm(9999, place=TOWNS[0], **harm))

    (warning,) = warned(counted)

    assert (warning.level, warning.measure) == (Level.RED, Measure.INSPECTION)
    assert "专项检查" in warning.proposal


def test_harm_elsewhere_is_not_this_matter():
    """An accident in another industry, or in another township, does not make this one red."""
    counted = census(one_town())
    counted.add(firm(9998, place=TOWNS[0], industry="F5212", casualties=True))
    counted.add(firm(9999, place=TOWNS[1], casualties=True))

    (warning,) = warned(counted)

    assert warning.level is Level.YELLOW


def test_harm_alone_is_no_cluster():
    """One accident is the enterprise's own warning, not the region's."""
    counted = census(dict.fromkeys(TOWNS, CALM))
    counted.add(firm(9999, place=TOWNS[0], casualties=True))

    assert warned(counted) == ()


def test_the_same_item_in_two_counties_is_the_citys_and_red():
    """The lowest common ancestor acts: the city, on one warning."""
    towns = dict.fromkeys(TOWNS, CALM) | dict.fromkeys(["410423001", "410423002"], CALM)
    failing = [(TOWNS[0], "苯甲酸", 5), ("410423001", "苯甲酸", 6)]

    (warning,) = warned(census(towns, failing=failing))

    assert (warning.level, warning.place, warning.member_count) == (Level.RED, "4104", 11)


def test_rough_townships_of_two_counties_are_two_matters():
    """Of many townships some stand out by chance: each county gets its own, and no red."""
    other = [f"410423{n:03d}" for n in range(1, 7)]
    towns = one_town() | dict.fromkeys(other, CALM) | {other[0]: ROUGH}

    found = warned(census(towns))

    assert [(one.place, one.level) for one in found] == [
        ("410422", Level.YELLOW), ("410423", Level.YELLOW),
    ]  # fmt: skip


def test_a_small_place_is_warned_of_without_its_index():
    """Named enterprises may be told of; a share of fewer than thirty may not."""
    counted = census({}, failing=[(TOWNS[0], "苯甲酸", 6)])

    (warning,) = warned(counted)

    assert (warning.index, warning.enterprises) == (None, 0)


def test_a_second_survey_says_the_same():
    """The same census gives the same ids; another week or another level gives others."""
    (first,) = warned(census(one_town()))
    (again,) = warned(census(one_town()))
    (next_week,) = warned(census(one_town(), window=week_window(b.at(7))))
    (graver,) = warned(census(one_town(), failing=[(TOWNS[0], "苯甲酸", 5)]))

    assert first == again
    assert len({first.id, next_week.id, graver.id}) == 3


def test_a_survey_in_the_same_week_remembers_the_period_once():
    """A second run of the same period replaces what the first remembered."""
    first = surveyed(census(one_town()), {}, general="PUB")

    again = surveyed(census(one_town()), first.history, general="PUB")

    assert again.history == first.history
    assert again.warnings == first.warnings


def history_of(cell, *indexes):
    """Return the history of a cell over weeks that are long past."""
    return {cell: tuple(Past(f"2025-W{n + 10}", one) for n, one in enumerate(indexes))}


def test_a_sudden_rise_is_a_signal():
    """The smoothed index leaves the cell's own limits, though it stands like its siblings."""
    rough = dict.fromkeys(TOWNS, ROUGH)
    quiet = history_of(f"{TOWNS[0]}/H", *[2.0, 3.0] * 4)

    (warning,) = warned(census(rough), quiet)

    assert "上升过快" in warning.signals[0]


def test_a_steady_cell_is_no_signal():
    """What has been so for eight weeks is nothing new."""
    rough = census(dict.fromkeys(TOWNS, ROUGH))
    index = surveyed(rough, {}, general="PUB").history[f"{TOWNS[0]}/H"][-1].index

    assert warned(rough, history_of(f"{TOWNS[0]}/H", *[index] * 8)) == ()


def test_too_little_to_go_by_is_said():
    """Cells with too few siblings or too short a history are counted as undecided."""
    found = surveyed(census({TOWNS[0]: ROUGH, TOWNS[1]: CALM}), {}, general="PUB")

    assert found.warnings == ()
    assert found.undecided == {"level": 3, "speed": 3}


def test_history_is_bounded():
    """Of a cell twelve periods are remembered."""
    long = history_of(f"{TOWNS[0]}/H", *[5.0] * 30)

    found = surveyed(census(one_town()), long, general="PUB")

    assert len(found.history[f"{TOWNS[0]}/H"]) == PLAN.speed.periods


def test_a_month_is_surveyed_too():
    """The month has its own index and its own ids; concentrations belong to the week."""
    month = month_window(Month.of("2026-02"))
    counted = census(one_town(), window=month, failing=[(TOWNS[1], "苯甲酸", 6)])

    (warning,) = warned(counted)

    assert (warning.span, warning.period, warning.level) == ("month", "2026-02", Level.YELLOW)


def test_two_months_in_a_row_are_orange():
    """The month after a noticed one, across the year's end."""
    december = month_window(Month.of("2025-12"))
    january = month_window(Month.of("2026-01"))
    first = surveyed(census(one_town(), window=december), {}, general="PUB")

    (second,) = warned(census(one_town(), window=january), first.history)

    assert second.level is Level.ORANGE


def test_members_are_listed_up_to_the_limit():
    """Of many members the worst twenty are listed, and all of the cluster are counted."""
    counted = census(dict.fromkeys(TOWNS, CALM), failing=[(TOWNS[0], "苯甲酸", 33)])

    (warning,) = warned(counted)

    assert (len(warning.members), warning.member_count) == (20, 33)


def test_nothing_personal_is_in_a_warning():
    """Members are enterprises; complainants are nowhere in the record."""
    (warning,) = warned(census(one_town()))

    text = msgspec.json.encode(warning).decode()
    assert "person" not in text
    assert "complainant" not in text
