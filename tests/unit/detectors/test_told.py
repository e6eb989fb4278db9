"""What does an E57 tell, and does the core tell it once?"""

import pytest

from detectors import events as e
from detectors.measure import RiskClass
from detectors.told import Told, told_of
from tests import builders as b

JUNE = {"period": "2026-06", "risk_class": "C"}


def told_in(effects):
    """Return the results among effects."""
    return [one for one in effects if isinstance(one, Told)]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        pytest.param(
            e.ClassOfMonth(**JUNE, score=612.5, model_version="豫2.0"),
            (Told(uscc=b.USCC, month="2026-06", risk_class=RiskClass.C, score=612.5,
                  version="豫2.0"),),
            id="all of it",
        ),
        pytest.param(
            e.ClassOfMonth(**JUNE),
            (Told(uscc=b.USCC, month="2026-06", risk_class=RiskClass.C, score=None),),
            id="the class alone: no score is made up",
        ),
        pytest.param(
            e.ClassOfMonth(**JUNE, op=e.Op.UPDATE, supersedes="1"),
            (Told(uscc=b.USCC, month="2026-06", risk_class=RiskClass.C),),
            id="told anew: what it is worth is decided where the month stands",
        ),
        pytest.param(
            e.ClassOfMonth(**JUNE, op=e.Op.REVOKE, supersedes="1"), (), id="never taken back"
        ),
        pytest.param(
            e.ClassOfMonth(**JUNE, op=e.Op.EXPIRE, supersedes="1"), (), id="never ended"
        ),
    ],
)  # fmt: skip
def test_what_an_e57_tells(data, told):
    """A result in the month that it names; nothing takes an official month back."""
    assert told_of(b.USCC, data) == told


def test_the_core_tells_it_once():
    """The same event again is recognised, and tells nothing."""
    enterprise = b.Enterprise()

    first = enterprise.has(e.ClassOfMonth(**JUNE), day=130, name="june")
    again = enterprise.has(e.ClassOfMonth(**JUNE), day=130, name="june")

    assert [one.month for one in told_in(first)] == ["2026-06"]
    assert told_in(again) == []


def test_an_official_class_moves_no_score():
    """Two classes, never mixed: the live one is as it was."""
    enterprise = b.Enterprise()
    enterprise.has(b.penalty("general"), day=0)
    before = enterprise.state.rule.score

    enterprise.has(e.ClassOfMonth(period="2026-02", risk_class="D", score=900), day=0.01)

    assert enterprise.state.rule.score == pytest.approx(before, abs=0.1)
    assert len(enterprise.state.facts) == 1


def test_a_month_of_no_century_of_ours_is_no_event():
    """A period that no month of this system can be is refused with its place."""
    raw = e.encode(b.event(e.ClassOfMonth(**JUNE))).replace(b"2026-06", b"1926-06")

    with pytest.raises(e.InvalidEventError, match=r"data\.period"):
        e.decode(raw)
