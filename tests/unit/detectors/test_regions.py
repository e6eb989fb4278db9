"""Does the index of a cell tell its own risk, steadied by what lies above it?"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import events as e
from detectors.functions import InvalidKnowledgeError
from detectors.official import Month
from detectors.regions import (
    Cell,
    Census,
    Failure,
    RegionalIndex,
    Watched,
    month_window,
    watched,
    week_window,
)
from detectors.regions_plan import FILE, parse_regions
from tests import builders as b

PLAN = parse_regions(b.documents())
WEEK = week_window(b.at(0))
JUNE = month_window(Month.of("2026-06"))
TOWN = Cell("410422001", "H")


def parsed(change):
    """Return the shipped document, changed, as a plan."""
    documents = copy.deepcopy(b.documents())
    change(documents[FILE])
    return parse_regions(documents)


def firm(number, *, place="410422001", industry="H6210", rank=0, **more):
    """Return an enterprise as the survey sees it."""
    values = {
        "uscc": f"U{number:05d}", "name": f"企业{number}", "domain": "CATER", "score": 250.0 * rank,
        "warnings": 0, "trouble": 0,
    }  # fmt: skip
    return Watched(place=place, industry=industry, rank=rank, **(values | more))


def census(*groups, window=WEEK):
    """Return a census of groups of (place, industry, how many, of them bad)."""
    counted = Census(PLAN, window)
    number = 0
    for place, industry, n, bad in groups:
        for one in range(n):
            number += 1
            rank = 3 if one < bad else 0
            counted.add(firm(number, place=place, industry=industry, rank=rank))
    return counted


def counts(counted, cell):
    """Return the counts of a cell."""
    tally = counted.cells[cell]
    return tally.n, tally.bad


def test_an_enterprise_counts_in_its_cell_and_all_above():
    """Township, county and city of its section, the city as a whole, everything."""
    counted = census(("410422001", "H6210", 3, 1), ("410402", "F5212", 2, 0))

    assert counts(counted, TOWN) == (3, 1)
    assert counts(counted, Cell("410422", "H")) == (3, 1)
    assert counts(counted, Cell("4104", "H")) == (3, 1)
    assert counts(counted, Cell("410402", "F")) == (2, 0)
    assert counts(counted, Cell("4104", "F")) == (2, 0)
    assert counts(counted, Cell("4104", "")) == (5, 1)
    assert counts(counted, Cell("", "")) == (5, 1)


def test_nobody_is_lost_for_want_of_a_place():
    """An enterprise without a place counts in the whole; one without a trade in its region."""
    counted = census(("", "H6210", 2, 1), ("410422001", "", 3, 0))

    assert counts(counted, Cell("", "")) == (5, 1)
    assert counts(counted, Cell("410422001", "")) == (3, 0)
    assert counts(counted, Cell("4104", "")) == (3, 0)


def test_small_cells_are_not_shown():
    """A cell of 29 is never published, one of 30 is."""
    counted = census(("410422001", "H6210", 29, 5), ("410422002", "H6210", 30, 5))

    shown = RegionalIndex(counted).published()

    assert TOWN not in shown
    assert Cell("410422002", "H") in shown


def test_the_index_is_the_formula():
    """Half the shrunk share, three tenths the warnings, two tenths the trouble, of 100."""
    counted = Census(PLAN, JUNE)
    for number in range(40):
        counted.add(firm(number, place="", warnings=number < 4, trouble=number < 3))

    standing = RegionalIndex(counted).standing(Cell("", ""))

    # 4 of 40 in 30 days is half of .20; 3 of 40 a quarter of .30; nobody is bad.
    assert standing.index == pytest.approx(100 * (0.3 * 0.5 + 0.2 * 0.25))


def test_rates_are_those_of_thirty_days():
    """The same warnings within a week weigh thirty sevenths of what they do in June."""
    week, month = Census(PLAN, WEEK), Census(PLAN, JUNE)
    for number in range(100):
        week.add(firm(number, place="", warnings=number < 2))
        month.add(firm(number, place="", warnings=number < 2))

    by_week = RegionalIndex(week).standing(Cell("", "")).index
    by_month = RegionalIndex(month).standing(Cell("", "")).index

    assert by_week == pytest.approx(by_month * 30 / 7, abs=1e-3)


def test_a_rate_over_its_scale_is_full():
    """The index stays within 0 and 100, however many warnings there are."""
    counted = Census(PLAN, WEEK)
    for number in range(40):
        counted.add(firm(number, place="", rank=3, warnings=4, trouble=5))

    assert RegionalIndex(counted).standing(Cell("", "")).index == 100.0


GROUPS = st.lists(
    st.tuples(st.integers(1, 80), st.floats(0, 1)).map(lambda t: (t[0], int(t[0] * t[1]))),
    min_size=1,
    max_size=8,
)


def towns(groups):
    """Return groups as townships of one county and one section, and another county beside it."""
    here = [(f"410422{n:03d}", "H6210", size, bad) for n, (size, bad) in enumerate(groups, start=1)]
    return [*here, ("410402001", "H6210", 50, 4), ("410402002", "F5212", 50, 2)]


@given(groups=GROUPS)
def test_a_share_lies_between_its_own_and_its_parents(groups):
    """The share is drawn toward the parent's and never beyond, in every cell."""
    counted = census(*towns(groups))
    index = RegionalIndex(counted)

    for one in map(index.standing, counted.cells):
        low, high = sorted((one.own_share, one.parent_share))
        assert low - 1e-12 <= one.share <= high + 1e-12


@given(groups=GROUPS, data=st.data())
def test_one_more_bad_enterprise_never_lowers_an_index(groups, data):
    """The index of a cell, and of all above it, is monotone in its bad enterprises."""
    which = data.draw(st.integers(0, len(groups) - 1))
    size, bad = groups[which]
    groups[which] = (size, min(bad, size - 1))
    worse = list(groups)
    worse[which] = (size, groups[which][1] + 1)
    before, after = (RegionalIndex(census(*towns(one))) for one in (groups, worse))

    cell = Cell(f"410422{which + 1:03d}", "H")
    while cell is not None:
        assert after.standing(cell).index >= before.standing(cell).index
        cell = cell.parent


@given(more=st.sampled_from(["warnings", "trouble"]), n=st.integers(0, 30))
def test_one_more_failure_never_lowers_an_index(more, n):
    """The index is monotone in warnings and in complaints and failed samples."""
    indexes = []
    for count in (n, n + 1):
        counted = Census(PLAN, WEEK)
        for number in range(40):
            counted.add(firm(number, **{more: int(number < count)}))
        indexes.append(RegionalIndex(counted).standing(TOWN).index)

    assert indexes[1] >= indexes[0]


@given(order=st.permutations(range(40)))
def test_the_order_of_counting_does_not_matter(order):
    """The same enterprises give the same cells and the same worst members."""
    firms = [firm(n, rank=n % 4, place=f"41042200{n % 3 + 1}", warnings=n % 2) for n in range(40)]
    straight, mixed = Census(PLAN, WEEK), Census(PLAN, WEEK)
    for one in firms:
        straight.add(one)
    for place in order:
        mixed.add(firms[place])

    assert straight.cells == mixed.cells
    assert {cell: sorted(one) for cell, one in straight.worst.items()} == {
        cell: sorted(one) for cell, one in mixed.worst.items()
    }


def test_a_small_cell_leans_on_the_whole():
    """One bad firm of two says little; fifty of a hundred say much."""
    counted = census(
        ("410422001", "H6210", 2, 1),
        ("410422002", "H6210", 100, 50),
        ("410422003", "H6210", 400, 8),
    )
    index = RegionalIndex(counted)

    assert index.share(TOWN) < 0.2
    assert index.share(Cell("410422002", "H")) > 0.3


def test_a_cell_unlike_its_siblings_is_drawn_no_further_than_the_data_say():
    """Where siblings differ widely, a cell keeps to its own; where they are alike, it leans."""
    wide = census(*[(f"410422{n:03d}", "H6210", 100, bad) for n, bad in enumerate([1, 50, 2, 60])])
    alike = census(*[(f"410422{n:03d}", "H6210", 100, bad) for n, bad in enumerate([9, 30, 9, 9])])

    own_wide = RegionalIndex(wide).standing(Cell("410422003", "H"))
    own_alike = RegionalIndex(alike).standing(Cell("410422001", "H"))

    assert own_wide.own_share - own_wide.share < 0.1
    assert own_alike.own_share - own_alike.share > 0.1


def test_memory_is_of_the_map_not_of_the_population():
    """However many enterprises are bad, a cell keeps the worst twenty."""
    counted = Census(PLAN, WEEK)
    for number in range(500):
        counted.add(firm(number, rank=3, score=500.0 + number))

    kept = counted.worst[TOWN]
    assert len(kept) == PLAN.members_listed
    assert min(kept).score == 980.0


def seen(*happenings, window=WEEK):
    """Return what the survey sees of an enterprise; happenings are (day, payload)."""
    enterprise = b.Enterprise()
    for day, data in happenings:
        enterprise.has(data, day=day)
    return watched(b.USCC, enterprise.state, b.expertise(), PLAN, window=window, domain="FOODS")


def test_what_the_survey_sees():
    """Class by rules, warnings opened, distinct complaints and failed items of the window."""
    one = seen(
        (-20, b.food_sample(number="S1")),
        (-3, b.penalty("severe")),
        (-2, b.complaint(1)),
        (-2, b.complaint(2, complainant="person-1")),
        (-1, b.complaint(3)),
    )

    assert one.is_bad
    assert one.trouble == 2
    assert one.warnings >= 1
    assert one.failures == (Failure("苯甲酸", b.at(-20), "FSAMP"),)
    assert not one.casualties


def test_what_lies_outside_the_window():
    """Complaints of last week, and a sample of last month, are not of this window."""
    one = seen((-31, b.food_sample(number="S1")), (-8, b.complaint(1)), (-8, b.complaint(2)))

    assert (one.trouble, one.warnings, one.failures) == (0, 0, ())


def test_one_enterprise_cannot_be_a_region():
    """A flood of complaints against one enterprise is capped in its cell's rate."""
    one = seen(*[(-1, b.complaint(n)) for n in range(30)])

    assert one.trouble == PLAN.trouble_cap
    assert one.mass_complaint


@pytest.mark.parametrize(
    ("happenings", "expected"),
    [
        pytest.param([(-1 - n * 0.3, b.complaint(n)) for n in range(9)], False, id="nine"),
        pytest.param([(-1 - n * 0.3, b.complaint(n)) for n in range(10)], True, id="ten in 65 h"),
        pytest.param([(-0.4 * n, b.complaint(n)) for n in range(10)], False, id="ten in 86 h"),
        pytest.param(
            [(-1, b.complaint(n, complainant="one")) for n in range(50)], False, id="one person"
        ),
    ],
)
def test_mass_complaints(happenings, expected):
    """Ten people's matters within 72 hours are a mass complaint; one person's fifty are none."""
    assert seen(*sorted(happenings, key=lambda one: one[0])).mass_complaint is expected


def test_an_accident_is_seen():
    """Food poisoning within the window is what makes a regional warning red."""
    assert seen((-1, e.FoodIncident(people=3))).casualties
    assert not seen((-8, e.FoodIncident(people=3))).casualties


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda d: d["weights"].update(share=0.6), "weights: must add up", id="sum"),
        pytest.param(lambda d: d["trouble"].append("x"), "trouble: 'x'", id="no such fact"),
        pytest.param(lambda d: d["strength"].update(least=60), "strength: least", id="limits"),
        pytest.param(lambda d: d["speed"].update(least_periods=13), "least_periods", id="periods"),
        pytest.param(lambda d: d.update(publish_form=3), "publish_form", id="misspelt"),
    ],
)
def test_a_document_with_a_hole_does_not_load(change, told):
    """Every hole names file and key."""
    with pytest.raises(InvalidKnowledgeError) as refused:
        parsed(change)

    assert "regions.yaml" in str(refused.value)
    assert told in str(refused.value)


def test_a_missing_document_is_told():
    """Without the file nothing starts."""
    documents = {name: one for name, one in b.documents().items() if name != FILE}

    with pytest.raises(InvalidKnowledgeError, match=r"regions\.yaml is missing"):
        parse_regions(documents)
