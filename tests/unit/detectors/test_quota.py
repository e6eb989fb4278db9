"""Can anybody move the model by saying the same again and again?"""

import pytest

from detectors import events as e
from detectors.example import Example
from detectors.facts import DAY_S
from detectors.features import FEATURES_VERSION, NAMES
from detectors.model import Learner
from detectors.quota import MOST_AN_ENTERPRISE, MOST_AN_INFORMANT, Quota
from tests import builders as b

LINEAR = ("newton", "newton_10k", "adagrad", "sgd")


def outcome(number, *, found=True, day=0.0, **more):
    """Return an outcome, each of its own enterprise unless one is named."""
    return Example(
        id=f"x{number}", domain="CONS", at=int((1000 + day) * DAY_S), features=[0.5] * len(NAMES),
        category="餐饮", form="", found=found, features_version=FEATURES_VERSION, offset=number,
        subject=more.pop("subject", f"firm-{number}"), **more,
    )  # fmt: skip


def admitted(examples, quota=None):
    """Return how many of the outcomes may teach."""
    quota = quota or Quota()
    return sum(quota.admits(one) for one in examples)


@pytest.mark.parametrize(
    ("more", "most"),
    [
        pytest.param({"subject": "one"}, MOST_AN_ENTERPRISE, id="of one enterprise"),
        pytest.param({"informant": "one"}, MOST_AN_INFORMANT, id="by one informant"),
        pytest.param({}, 500, id="of and by many"),
    ],
)
def test_so_many_teach_in_a_window(more, most):
    """Of five hundred outcomes in a day only the first few of one source teach."""
    assert admitted([outcome(n, **more) for n in range(500)]) == most


def test_a_report_s_outcome_says_who_reported():
    """The informant's hash goes from the event to the example, so that the quota can count."""
    report = e.ReportVerified(ticket="R", verdict="true", informant="hash-7")

    (told,) = b.of_type(b.Enterprise().has(report), Example)

    assert (told.informant, told.subject) == ("hash-7", b.USCC)


def test_the_window_ends():
    """Thirty days later the same source may teach again."""
    quota = Quota()
    flood = [outcome(n, informant="one") for n in range(9)]
    later = [outcome(n, informant="one", day=31) for n in range(9)]

    assert admitted(flood, quota) == admitted(later, quota) == MOST_AN_INFORMANT


def test_the_quota_survives_a_restart():
    """From the moments that are kept a quota goes on as it was."""
    quota = Quota()
    admitted([outcome(n, informant="one") for n in range(2)], quota)

    assert admitted([outcome(n, informant="one") for n in range(9)], Quota(quota.moments)) == 1


def test_old_moments_go():
    """What is older than the window is not kept."""
    quota = Quota()
    admitted([outcome(n) for n in range(50)], quota)

    quota.admits(outcome(99, day=40))

    assert len(quota.moments) == 1


def test_a_forger_does_not_move_the_model():
    """Four hundred forged outcomes by one informant leave others' probability where it was.

    Without the quota (each forgery by another informant) the same flood moves it tenfold.
    """
    honest = [outcome(n, found=n % 10 == 0, day=n / 50) for n in range(500)]
    asked = outcome(9999, day=11)

    def moved(**more):
        """Return how far a flood moves the probability of an honest firm."""
        learner = Learner("CONS", members=LINEAR)
        for one in honest:
            learner.learn(one)
        before = learner.predict(asked)
        for n in range(400):
            who = {"informant": more.get("informant", f"person-{n}")}
            learner.learn(outcome(1000 + n, day=10.5, **who))
        return learner.predict(asked) - before

    assert moved(informant="one") < 0.05
    assert moved() > 10 * moved(informant="one")
