"""Is a matter that was warned of, ended, and comes again within ninety days an interview?

Domain reference §4.2: 警示 becomes 约谈 when "repeated in 90 d".
"""

import pytest

from detectors import events as e
from detectors.measure import Measure
from detectors.warning import CHINA
from tests import builders as b

LISTED = e.AbnormalAdded(reason=2)
REMOVED = e.AbnormalRemoved(reason=2)
SEEN = b.inspection("passed")
WARNING, INTERVIEW = Measure.WARNING, Measure.INTERVIEW


def fined(number, *, due):
    """Return a fine to be paid by a day."""
    return b.penalty("minor", domain="QUAL", performed_due=b.on(due).date(), doc_no=number,
                     organ="叶县市监局")  # fmt: skip


def paid(number, *, day):
    """Return that a fine was paid on a day."""
    return e.PenaltyFollowed(
        penalty_no=number, kind="performed", organ="叶县市监局", domain="QUAL", on=b.on(day).date()
    )


def handled(warning, **how):
    """Return that people have done with a warning."""
    return e.WarningHandled(
        warning_id=warning.id, measure=warning.measure.value, domain=warning.domain, **how
    )


def again(rule, happenings):
    """Return the warnings of a rule after what happened, day by day."""
    enterprise = b.Enterprise()
    for n, (data, day) in enumerate(happenings):
        enterprise.has(data, day=day, name=f"n{n}")
    return b.issued(enterprise.effects, rule)


def surge(day, *, first, people=5):
    """Return complaints of so many people on one day."""
    return [(b.complaint(first + n), day + n / 100) for n in range(people)]


@pytest.mark.parametrize(
    ("rule", "happenings"),
    [
        pytest.param("W03", [(LISTED, 0), (REMOVED, 10), (LISTED, 50)], id="listed again"),
        pytest.param("W03", [(LISTED, 0), (e.AbnormalAdded(reason=3), 40)],
                     id="listed for another reason while the first still stands"),
        pytest.param("W24", [(fined("罚1", due=2), 0), (SEEN, 5), (paid("罚1", day=8), 8),
                             (fined("罚2", due=60), 50), (SEEN, 65)], id="another fine unpaid"),
        pytest.param("W15", [*surge(0, first=0), *surge(45, first=100)], id="a second surge"),
    ],
)  # fmt: skip
def test_what_was_warned_of_and_comes_again_is_an_interview(rule, happenings):
    """It was warned of, it ended or merges no more, and comes again in ninety days: 约谈."""
    first, second = again(rule, happenings)

    assert (first.measure, second.measure) == (WARNING, INTERVIEW)
    assert first.id != second.id


def test_the_warning_says_of_what_it_is_a_repetition():
    """The officer reads which warning went before, and why an interview follows."""
    first, second = again("W03", [(LISTED, 0), (REMOVED, 10), (LISTED, 50)])

    day = first.issued_at.astimezone(CHINA).date()
    assert first.remark == ""
    assert second.remark == (
        f"{day}已就同一事由警示（预警{first.number}），90日内再次发生，警示升为约谈"
    )


@pytest.mark.parametrize(
    ("day", "measure"),
    [
        pytest.param(89.9, INTERVIEW, id="within ninety days"),
        pytest.param(90, WARNING, id="on the ninetieth day it is over"),
    ],
)
def test_a_repetition_is_one_for_ninety_days(day, measure):
    """The days are counted from the last hit of the earlier warning."""
    told = again("W03", [(LISTED, 0), (REMOVED, 10), (LISTED, day)])

    assert told[-1].measure is measure


def test_what_is_repeated_once_more_is_an_interview_again():
    """After the interview the third time is no milder than the second."""
    happenings = [(LISTED, 0), (REMOVED, 5), (LISTED, 40), (REMOVED, 45), (LISTED, 80)]

    assert [one.measure for one in again("W03", happenings)] == [WARNING, INTERVIEW, INTERVIEW]


@pytest.mark.parametrize(
    ("rule", "happenings"),
    [
        pytest.param("W03", [(LISTED, 0), (LISTED, 40)], id="a second feed tells of the listing"),
        pytest.param("W15", [*surge(0, first=0), *surge(45, first=0)],
                     id="the same people complain of the same"),
        pytest.param("W03", [(LISTED, 40), (SEEN, 75), (e.AbnormalAdded(reason=3), 5)],
                     id="what came before the warning is told late"),
        pytest.param("W20", [(e.EquityFrozen(case_no="F1", share=0.1), 0),
                             (e.EquityFrozen(case_no="F2", share=0.1), 40)],
                     id="a rule that knows no repetition"),
    ],
)  # fmt: skip
def test_a_further_hit_of_the_same_facts_is_no_repetition(rule, happenings):
    """What is only told again, told late, or is nothing to heed stays a 警示."""
    told = [(one.measure, one.remark) for one in again(rule, happenings)]

    assert told == [(WARNING, ""), (WARNING, "")]


@pytest.mark.parametrize(
    ("how", "measure"),
    [
        pytest.param({"state": "closed", "outcome": "rectified"}, INTERVIEW, id="put right"),
        pytest.param({"state": "false_positive"}, WARNING, id="a false alarm"),
        pytest.param({"state": "closed", "outcome": "data_corrected"}, WARNING, id="wrong data"),
    ],
)
def test_a_false_alarm_was_no_first_time(how, measure):
    """What people found to be no matter of the enterprise's counts for nothing."""
    enterprise = b.Enterprise()
    (first,) = b.issued(enterprise.has(LISTED), "W03")
    enterprise.has(handled(first, **how), day=3)
    enterprise.has(REMOVED, day=4)

    effects = enterprise.has(LISTED, day=40)

    assert [one.measure for one in b.issued(effects, "W03")] == [measure]


def test_a_first_time_that_was_taken_back_never_was():
    """The source revoked the first listing: the second is the first."""
    enterprise = b.Enterprise()
    enterprise.has(LISTED, name="x")
    enterprise.takes_back("x", LISTED, day=10)

    effects = enterprise.has(LISTED, day=40)

    assert [one.measure for one in b.issued(effects, "W03")] == [WARNING]


def test_under_observation_a_repetition_stays_a_warning():
    """There an interview would become a reminder, less than the warning whose place it takes."""
    enterprise = b.Enterprise()
    enterprise.has(b.founded(years=1, industry="I6420"))
    for data, day in ((LISTED, 5), (REMOVED, 10)):
        enterprise.has(data, day=day)

    effects = enterprise.has(LISTED, day=50)

    assert [one.measure for one in b.issued(effects, "W03")] == [WARNING]
