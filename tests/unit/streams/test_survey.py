"""Does a survey tell each matter once, to the department that acts, and graver news again?"""

import datetime as dt

import pytest

from config.schema import Settings
from detectors import events as e
from detectors.regions import Span
from detectors.warning import CHINA
from streams.assembly import build_wisdom
from streams.plans import build_plans
from streams.publisher import NotPublishedError
from streams.survey import windows_at
from tests import builders as b
from tests.townships import NOW, TOWNS, County


async def test_a_rough_township_is_told_to_its_county():
    """One warning for the week, addressed to the county's catering section, members listed."""
    county = County()
    county.fill(rough=TOWNS[:1])

    report = await county.survey()

    (week,) = [one for one in county.told() if one.data["span"] == "week"]
    assert report.enterprises == 175
    assert (week.type, week.subject, week.data["rule"]) == (
        "cluster.warning.v1", "410422/H", "W28",
    )  # fmt: skip
    assert (week.data["place"], week.data["handler_name"]) == (
        "410422", "叶县市场监督管理局餐饮股",
    )  # fmt: skip
    assert week.data["member_count"] == 17
    assert week.id == week.data["id"]
    assert county.publisher.records[0].key == b"410422"


async def test_a_second_run_publishes_nothing_new():
    """On the same day and later in the week the same matter is not told again."""
    county = County()
    county.fill(rough=TOWNS[:1])
    first = await county.survey()
    before = list(county.publisher.records)

    again = await county.survey()
    later = await county.survey(now=NOW + dt.timedelta(days=3))

    assert first.published == first.warnings > 0
    assert (again.published, later.published) == (0, 0)
    assert again.warnings == first.warnings
    assert county.publisher.records == before


async def test_graver_news_is_told_in_the_same_week():
    """Five with the same failed item on top of a high index: orange, though yellow was told."""
    county = County()
    county.fill(rough=TOWNS[:1])
    await county.survey()
    before = len(county.told())
    for number in range(5):
        county.opens(TOWNS[0], (-1, b.food_sample(number=f"S{number}")))

    await county.survey()

    news = county.told()[before:]
    assert [(one.data["span"], one.data["level"]) for one in news] == [("week", "orange")]


async def test_milder_news_is_silent():
    """Once orange is told, yellow of the same week is not."""
    county = County()
    county.fill(rough=TOWNS[:1])
    await county.regions.remember_told("2026-W10", {"410422/H": 3})
    await county.regions.remember_told("2026-02", {"410422/H": 3})

    report = await county.survey()

    assert (report.warnings, report.published) == (2, 0)


async def test_what_could_not_be_published_is_published_by_the_next_run():
    """Nothing is remembered as told before the broker's receipt."""
    county = County()
    county.fill(rough=TOWNS[:1])
    county.publisher.failures = 1
    with pytest.raises(NotPublishedError):
        await county.survey()

    report = await county.survey()

    assert report.published == report.warnings > 0


async def test_cells_are_remembered():
    """The index of every cell of thirty and more stands to be read, with its history."""
    county = County()
    county.fill()

    report = await county.survey()

    cells = {str(one.cell) for one in county.regions.standings[Span.WEEK]}
    assert f"{TOWNS[0]}/H" in cells
    assert set(county.regions.histories[Span.WEEK]) == cells
    assert report.cells == len(cells) * 2


async def test_who_has_left_the_register_is_not_counted():
    """A deregistered restaurant is in no cell."""
    county = County()
    county.fill(n=30)
    for _ in range(30):
        county.opens("410422099", (-50, e.Deregistration(kind="simple", stage="completed")))

    await county.survey()

    cells = {str(one.cell): one.n for one in county.regions.standings[Span.WEEK]}
    assert "410422099/H" not in cells
    assert cells["410422/H"] == 150


async def test_nobody_is_nothing():
    """An empty store is surveyed without complaint."""
    report = await County().survey()

    assert (report.enterprises, report.warnings, report.published) == (0, 0, 0)


def test_windows_of_a_moment():
    """The last seven days, and the last complete month in China."""
    week, month = windows_at(dt.datetime(2026, 7, 1, 0, 30, tzinfo=CHINA))

    assert (week.period, week.days) == ("2026-W27", 7.0)
    assert (month.period, month.days) == ("2026-06", 30.0)


def test_the_shipped_plans_load_against_the_shipped_authorities():
    """Every place that somebody governs has its ratios."""
    plans = build_plans(Settings(), build_wisdom(Settings()))

    assert plans.sampling.version
    assert plans.observation.industries
    assert plans.regions.version
