"""Do contributions become the score and class that the domain reference works out?"""

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import events as e
from detectors.catalogue import Catalogue
from detectors.facts import DAY_S
from detectors.knowledge import Bands, Scoring
from detectors.measure import Measure, RiskClass
from detectors.score import HOUR_S, band_rank, combined, next_standing
from detectors.state import Profile, Standing
from detectors.warning import CHINA
from tests import builders as b

BANDS = Bands(b=200, c=500, d=750)
SCORING = Scoring(
    bands=BANDS,
    better_below_band=20,
    better_after_hours=24,
    positive_cap=80,
    provisional_weight=0.5,
    learned_points=200,
)
CONTRIBUTIONS = st.lists(st.floats(0, 1000), max_size=12)
SCORES = st.floats(0, 1000)
# Twenty complaints of twenty matters: a surge, and no crowd over one matter (C05).
SURGE = [b.event(b.complaint(n, matter=f"事项{n}"), day=0) for n in range(20)]
# Five years before the test, in a year whose report is out of question until July.
FOUNDED = b.event(
    e.Established(name="甲", established_on=b.on(-5 * 365.25).date()), day=-5 * 365.25
)
REPORTED = b.event(e.AnnualReportFiled(year=2025), day=-10)
JULY = (dt.datetime(2026, 7, 1, tzinfo=CHINA) - b.START).total_seconds() / 86_400
# The worked value of S18, with what the minor penalty of a year ago (the relapse) still adds.
RELAPSE = combined([400, 350, 250, 175])  # the minor one is published no more, and still counted


def rank_of(score):
    """Return the class of a score by the bands of Henan."""
    return tuple(RiskClass)[band_rank(score, BANDS)]


@pytest.mark.parametrize(
    ("points", "score", "risk_class"),
    [
        pytest.param([], 0.0, "A", id="clean"),
        pytest.param([150], 150.0, "A", id="annual report missing at 07-01"),
        pytest.param([320], 320.0, "B", id="S01 listed, reason 1"),
        pytest.param([380, 100, 120], 509.0, "C", id="S02 with S03 at a half and D03"),
        pytest.param([250], 250.0, "B", id="general penalty, fresh"),
        pytest.param([125], 125.0, "A", id="general penalty, after 180 days"),
        pytest.param([550], 550.0, "C", id="severe penalty, fresh"),
        pytest.param([160], 160.0, "A", id="food sample, illegal additive, provisional"),
        pytest.param([320, 100, 250, 250], 655.8, "C", id="S17 with S13, S08 and C01"),
        pytest.param([400, 350, 250, 175], 758.7, "D", id="S18 with S11, S08 and S10 at a half"),
        pytest.param([650, 250], 737.5, "C", id="S26 failed yet in use, S16 order overdue"),
        pytest.param([260, 100, 250], 500.5, "C", id="the shell sold (换壳), with S13 and C01"),
        pytest.param([300, 300], 510.0, "C", id="two of 300"),
        pytest.param([300] * 4, 759.9, "D", id="four of 300"),
    ],
)
def test_worked_values_of_the_domain_reference(points, score, risk_class):
    """The product gives the scores and classes worked out in domain reference §2.5."""
    result = combined(points)

    assert result == pytest.approx(score, abs=0.051)
    assert rank_of(result) == risk_class


@pytest.mark.parametrize(
    ("happenings", "day", "score", "risk_class"),
    [
        pytest.param([FOUNDED, REPORTED], 0, 0.0, "A", id="clean, five years old"),
        pytest.param([FOUNDED], JULY, 150.0, "A", id="annual report missing at 07-01"),
        pytest.param([FOUNDED, b.event(e.AbnormalAdded(reason=1))], JULY, 320.0, "B",
                     id="S01 listed, reason 1, with D01"),
        pytest.param(
            [b.event(e.AbnormalAdded(reason=4), day=-730),
             b.event(e.AnnualReportFiled(year=2025, all_zero=True))],
            0, 508.96, "C", id="S02 unreachable, S03 at a half, D03 all zero"),
        pytest.param([b.event(b.penalty("general", domain="QUAL"))], 0, 250.0, "B",
                     id="general penalty, fresh"),
        pytest.param([b.event(b.penalty("general", domain="QUAL"))], 180, 125.0, "A",
                     id="general penalty, after 180 days"),
        pytest.param([b.event(b.penalty("severe"))], 0, 550.0, "C", id="severe penalty, fresh"),
        pytest.param([b.event(b.food_sample("illegal_additive", provisional=True))], 0, 160.0, "A",
                     id="food sample, illegal additive, provisional"),
        pytest.param(
            [b.event(b.food_sample("illegal_additive")), b.event(b.penalty("general")),
             b.event(e.CaseChanged(case_no="C", status="opened", domain="FSAMP")), *SURGE],
            0, 655.75, "C", id="S17 with S13, S08 and C01"),
        pytest.param(
            [b.event(b.food_sample(number="S1")), b.event(b.food_sample(number="S2")),
             b.event(b.penalty("minor", offence="1", offence_kind="超范围"), day=-364.99),
             b.event(b.penalty("general", offence="2", offence_kind="超范围"))],
            0, RELAPSE, "D", id="S18 with S11, S08 and S10 at a half"),
        pytest.param(
            [b.event(e.EquipmentInspected(equipment="Q", passed=False)),
             b.event(e.RectificationOrdered(order="R", domain="QUAL", due=b.on(-1).date()))],
            0, 737.5, "C", id="S26 failed yet in use, S16 order overdue"),
        pytest.param(
            [*map(b.event, b.shell_change()),
             b.event(e.CaseChanged(case_no="C", status="opened", domain="CASE")), *SURGE],
            0, 500.5, "C", id="the shell sold (换壳), with S13 and C01"),
    ],
)  # fmt: skip
def test_worked_values_hold_for_the_shipped_catalogue(happenings, day, score, risk_class):
    """Facts of a worked case, through the shipped points, give the case's score and class."""
    enterprise = b.after(happenings)

    assessment = b.assessed(enterprise.state.facts, day=day, profile=enterprise.state.profile)

    assert assessment.score == pytest.approx(score, abs=1e-6)
    assert rank_of(assessment.score) == risk_class


def test_a_provisional_additive_is_red_while_the_class_is_a():
    """The measure does not hang on the class: class A and an inspection go together (§2.5)."""
    enterprise = b.Enterprise()

    effects = enterprise.has(b.food_sample("illegal_additive", provisional=True))

    assert enterprise.state.rule.risk_class is RiskClass.A
    assert [w.measure for w in b.issued(effects, "W11")] == [Measure.INSPECTION]


@pytest.mark.parametrize(
    ("score", "risk_class"),
    [
        pytest.param(0.0, "A", id="nothing"),
        pytest.param(199.999, "A", id="just under B"),
        pytest.param(200.0, "B", id="B begins at 200"),
        pytest.param(499.999, "B", id="just under C"),
        pytest.param(500.0, "C", id="C begins at 500"),
        pytest.param(749.999, "C", id="just under D"),
        pytest.param(750.0, "D", id="D begins at 750"),
        pytest.param(1000.0, "D", id="the end of the scale"),
    ],
)
def test_bands_are_half_open(score, risk_class):
    """A class begins at its edge, and D holds the end of the scale (豫市监办〔2022〕100号)."""
    assert rank_of(score) == risk_class


def test_a_direct_rule_sets_the_class_and_not_the_number():
    """A hard D stands with a score of 10: the floor is beside the product, not in it."""
    standing = next_standing(Standing(), 10.0, floor_rank=3, as_of=1, scoring=SCORING)

    assert (standing.score, standing.risk_class) == (10.0, RiskClass.D)


def test_an_enterprise_on_a_serious_list_is_d_whatever_its_score():
    """A listing alone makes class D at once, with no points of its own."""
    enterprise = b.Enterprise()
    enterprise.has(e.ReportVerified(ticket="R", verdict="true"))

    enterprise.has(e.SeriousListChanged(list_code="L", action="add"))

    assert enterprise.state.rule.risk_class is RiskClass.D
    assert enterprise.state.rule.score == pytest.approx(180.0)


@given(points=CONTRIBUTIONS, positive=st.floats(0, 80))
def test_a_score_stays_on_its_scale(points, positive):
    """However much is added or taken off, a score lies between 0 and 1000."""
    assert 0.0 <= combined(points, positive=positive) <= 1000.0


@given(points=CONTRIBUTIONS, more=st.floats(0, 1000))
def test_one_more_contribution_never_lowers_a_score(points, more):
    """A further risk raises the score or leaves it."""
    assert combined([*points, more]) >= combined(points)


@given(points=CONTRIBUTIONS, randomly=st.randoms(use_true_random=False))
def test_the_order_of_contributions_does_not_matter(points, randomly):
    """Contributions shuffled give the same score to a millionth of a point."""
    shuffled = randomly.sample(points, len(points))

    assert combined(shuffled) == pytest.approx(combined(points), abs=2e-6)


@pytest.mark.parametrize(
    ("cap", "score"),
    [
        pytest.param(80, 210.0, id="five honours count once"),
        pytest.param(30, 220.0, id="never more than the cap"),
    ],
)
def test_honours_take_off_no_more_than_their_cap(cap, score):
    """Good news lowers a score by its points, once, and by no more than the cap."""
    shipped = b.expertise().knowledge
    scoring = msgspec.structs.replace(shipped.scoring, positive_cap=cap)
    catalogue = Catalogue(msgspec.structs.replace(shipped, scoring=scoring))
    honours = [b.event(e.HonourGranted(kind=f"奖{n}")) for n in range(5)]
    facts = b.after([b.event(b.penalty("general")), *honours]).state.facts

    assert catalogue.assess(Profile(), facts, b.at(0)).score == score


@pytest.mark.parametrize(
    ("score", "hours", "risk_class"),
    [
        pytest.param(480.0, 48, "C", id="in the margin, it waits however long"),
        pytest.param(479.9, 23.99, "C", id="below the margin, not yet a day"),
        pytest.param(479.9, 24, "B", id="below the margin for a day"),
        pytest.param(100.0, 24, "A", id="far below for a day, two classes at once"),
        pytest.param(199.0, 24, "B", id="far below, yet in the margin of the next class"),
        pytest.param(750.0, 0, "D", id="worse at once"),
    ],
)
def test_how_a_c_gets_better_or_worse(score, hours, risk_class):
    """From C with 600: worse at once, better only after a day below the edge minus 20."""
    start = Standing(600.0, 2, 0)
    low = next_standing(start, score, floor_rank=0, as_of=DAY_S, scoring=SCORING)

    later = next_standing(
        low, score, floor_rank=0, as_of=DAY_S + int(hours * HOUR_S), scoring=SCORING
    )

    assert later.risk_class == risk_class


def test_a_relapse_starts_the_day_anew():
    """A score that returned to the margin in between has to wait a whole day again."""
    standing = Standing(600.0, 2, 0)
    for hour, score in ((0, 400.0), (12, 490.0), (13, 400.0), (36, 400.0)):
        standing = next_standing(
            standing, score, floor_rank=0, as_of=DAY_S + hour * HOUR_S, scoring=SCORING
        )

    assert standing.risk_class is RiskClass.C


def test_a_lifted_direct_rule_waits_its_day_too():
    """After a hard D is lifted at score 10, the class falls to A a day later, not before."""
    listed = next_standing(Standing(), 10.0, floor_rank=3, as_of=1, scoring=SCORING)
    lifted = next_standing(listed, 10.0, floor_rank=0, as_of=DAY_S, scoring=SCORING)
    after = next_standing(lifted, 10.0, floor_rank=0, as_of=2 * DAY_S, scoring=SCORING)

    assert [one.risk_class for one in (listed, lifted, after)] == ["D", "D", "A"]


@given(scores=st.lists(SCORES, min_size=1, max_size=30), floor=st.integers(0, 3))
def test_a_class_is_never_better_than_its_score_and_floor(scores, floor):
    """Whatever came before, the class is at least that of the band and of the direct rule."""
    standing = Standing()
    for hour, score in enumerate(scores):
        standing = next_standing(
            standing, score, floor_rank=floor, as_of=DAY_S + hour * 8 * HOUR_S, scoring=SCORING
        )

        assert standing.rank >= max(band_rank(score, BANDS), floor)
