"""A message moves only where its state allows, and doubt is never forgotten."""

import datetime as dt

import msgspec
import pytest

from alerts import notification_row as steps
from alerts.delivery import Cause, Delivered, InDoubt, Refused, Report, TryAgain, Way
from alerts.notification_row import (
    GIVE_UP_AFTER,
    HISTORY_LENGTH,
    REPORTED_STEPS,
    RowState,
    Step,
)
from alerts.specimen import specimen_notification

NOON = dt.datetime(2026, 7, 1, 4, 0, tzinfo=dt.UTC)
LEASE = dt.timedelta(minutes=2)
SECOND = dt.timedelta(seconds=1)


def row_in(*moves, way=Way.SMS):
    """Return a row after ``moves``, one second apart."""
    row = steps.planned(specimen_notification(way, now=NOON), now=NOON)
    for number, move in enumerate(moves, start=1):
        row = move(row, NOON + number * SECOND)
        assert row is not None
    return row


def claim(row, now):
    """Claim at ``now``."""
    return steps.claimed(row, now=now, worker="w1", lease=LEASE)


def hand(row, now):
    """Hand over at ``now``."""
    return steps.handed(row, attempt=row.attempt, now=now, lease=LEASE)


def settle(outcome):
    """Return a move that settles."""
    return lambda row, now: steps.settled(row, attempt=row.attempt, outcome=outcome, now=now)


def said(row, *, arrived, way=Way.SMS, now=NOON):
    """Return what becomes of a row when a report comes; None where it is not believed."""
    report = Report(way=way, notification_id=row.id, arrived=arrived, at=now, detail="CODE")
    return steps.reported(row, report, now=now)


def report(*, arrived):
    """Return a move that reports."""
    return lambda row, now: said(row, arrived=arrived, now=now)


LOST = TryAgain(Cause.TIMEOUT, doubtful=True)
report_failed = report(arrived=False)


def release(row, now, askable=(Way.SMS,)):
    """Release at ``now``, with a gateway that can be asked unless told otherwise."""
    return steps.released(row, now=now, by="ops", askable=askable)


def withdraw(row, now):
    """Withdraw at ``now``."""
    return steps.withdrawn(row, now=now)


def test_a_row_of_before_places_were_kept_is_read():
    """An update meets rows that know no place, firm or name; none of them is lost."""
    plain = msgspec.to_builtins(row_in())
    for name in ("place", "uscc", "enterprise"):
        del plain["notification"][name]

    old = msgspec.msgpack.decode(msgspec.msgpack.encode(plain), type=steps.Row)

    assert old == row_in()


def test_nothing_is_claimed_before_its_time():
    """A row waits for its moment, and a claimed one for the end of its lease."""
    row = row_in()
    mine = claim(row, NOON)

    assert claim(row, NOON - SECOND) is None
    assert claim(mine, NOON + LEASE - SECOND) is None
    assert claim(mine, NOON + LEASE).attempt == 2


def test_a_worker_that_died_before_the_hand_over_leaves_no_doubt():
    """Nothing had left: the next worker sends without asking."""
    again = claim(row_in(claim), NOON + 2 * LEASE)

    assert (again.is_doubtful, again.history[-1].step) == (False, Step.TAKEN_OVER)


def test_a_worker_that_died_after_the_hand_over_leaves_doubt():
    """The message may have left: the next worker asks first."""
    again = claim(row_in(claim, hand), NOON + 2 * LEASE)

    assert again.is_doubtful


def test_doubt_survives_a_failed_question_and_another_death():
    """As long as nobody answered, every further claim is doubtful."""
    row = claim(row_in(claim, hand), NOON + 2 * LEASE)
    row = settle(TryAgain(Cause.UNREACHABLE))(row, NOON + 2 * LEASE)
    row = claim(row, NOON + 4 * LEASE)
    row = claim(row, NOON + 8 * LEASE)

    assert row.is_doubtful


def test_a_clear_answer_ends_doubt():
    """What was handed over again and cleanly turned away was not accepted."""
    row = hand(claim(row_in(claim, hand), NOON + 2 * LEASE), NOON + 2 * LEASE)

    assert not settle(TryAgain(Cause.RATE_LIMITED))(row, NOON + 2 * LEASE).is_doubtful
    assert settle(TryAgain(Cause.TIMEOUT, doubtful=True))(row, NOON + 2 * LEASE).is_doubtful


def test_a_late_worker_may_not_hand_over():
    """Once the lease has run out, or another has claimed, nothing is sent."""
    row = row_in(claim)
    taken = claim(row, NOON + 2 * LEASE)

    assert hand(row, NOON + 2 * LEASE) is None
    assert steps.handed(taken, attempt=1, now=NOON + 2 * LEASE, lease=LEASE) is None


def test_a_late_settlement_has_no_say_after_another_claim():
    """The attempt number fences: an old worker's word does not overwrite a newer one's."""
    taken = claim(row_in(claim, hand), NOON + 2 * LEASE)

    assert steps.settled(taken, attempt=1, outcome=Delivered("x"), now=NOON) is None


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        pytest.param(Delivered("b^0"), RowState.ACCEPTED, id="accepted"),
        pytest.param(Refused(Cause.BAD_ADDRESS), RowState.REFUSED, id="refused"),
        pytest.param(InDoubt(), RowState.UNCERTAIN, id="nobody can be asked"),
        pytest.param(TryAgain(Cause.TIMEOUT), RowState.WAITING, id="once more"),
    ],
)
def test_each_outcome_has_its_state(outcome, state):
    """Delivered, refused and uncertain rows are closed, the rest waits."""
    row = row_in(claim, hand, settle(outcome))

    assert row.state is state
    assert row.is_open is (state is RowState.WAITING)
    assert (row.next_at is None) is not row.is_open


def test_waits_grow_and_a_carriers_wish_is_respected():
    """Backoff is stepped; a longer wish of the carrier wins, a shorter one does not."""
    first = row_in(claim, settle(TryAgain(Cause.TIMEOUT)))
    wished = row_in(claim, settle(TryAgain(Cause.NO_CREDIT, dt.timedelta(hours=3))))

    waits = [steps.wait_before(attempt, identity="n") for attempt in range(1, 9)]
    assert waits[:5] == sorted(waits[:5])
    assert all(wait <= dt.timedelta(hours=1.2) for wait in waits)
    assert first.next_at - NOON < dt.timedelta(minutes=1)
    assert wished.next_at - NOON > dt.timedelta(hours=3) - SECOND


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        pytest.param((claim,), RowState.REFUSED, id="never left: refused"),
        pytest.param((claim, hand), RowState.REFUSED, id="turned away: refused"),
    ],
)
def test_after_days_a_message_gives_up_visibly(moves, state):
    """Beyond four days the text's deadlines are past: the row is closed with its cause."""
    row = settle(TryAgain(Cause.UNREACHABLE))(row_in(*moves), NOON + GIVE_UP_AFTER)

    assert (row.state, row.cause) == (state, Cause.GAVE_UP)


def test_a_doubtful_message_gives_up_as_uncertain():
    """Giving up does not turn "perhaps sent" into "not sent"."""
    row = settle(LOST)(row_in(claim, hand), NOON + GIVE_UP_AFTER)

    assert (row.state, row.cause) == (RowState.UNCERTAIN, Cause.GAVE_UP)


@pytest.mark.parametrize(
    ("moves", "arrived", "state"),
    [
        pytest.param((claim, hand, settle(Delivered("b"))), True, RowState.ARRIVED, id="arrived"),
        pytest.param((claim, hand, settle(Delivered("b"))), False, RowState.FAILED, id="failed"),
        pytest.param((claim, hand), True, RowState.ARRIVED, id="before the worker settled"),
        pytest.param((claim, hand), False, RowState.FAILED, id="failed before settled"),
        pytest.param((claim, hand, settle(LOST)), True, RowState.ARRIVED, id="a doubt is answered"),
        pytest.param(
            (claim, hand, settle(Delivered("b")), report_failed, release),
            False,
            RowState.WAITING,
            id="an old failure does not stop a new try",
        ),
        pytest.param(
            (claim, hand, settle(Delivered("b")), report_failed, release),
            True,
            RowState.ARRIVED,
            id="it arrived after all, and does not go again",
        ),
        pytest.param(
            (claim, hand, settle(LOST), withdraw),
            True,
            RowState.ARRIVED,
            id="it had left before it was withdrawn",
        ),
        pytest.param(
            (claim, hand, settle(InDoubt())), True, RowState.ARRIVED, id="uncertain, then proven"
        ),
    ],
)
def test_a_report_settles_what_it_proves(moves, arrived, state):
    """Who has a report of a message had accepted it; an open retry is stopped by arrival only."""
    assert row_in(*moves, report(arrived=arrived)).state is state


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize(
    "moves",
    [
        pytest.param((), id="it waits for its first attempt"),
        pytest.param((claim,), id="a worker prepares it"),
        pytest.param((claim, settle(TryAgain(Cause.UNREACHABLE))), id="nobody was reached"),
        pytest.param((claim, hand, settle(TryAgain(Cause.RATE_LIMITED))), id="it was turned away"),
        pytest.param((claim, hand, settle(Refused(Cause.BAD_ADDRESS))), id="it was refused"),
        pytest.param((withdraw,), id="it was withdrawn"),
    ],
)
def test_a_report_of_what_no_carrier_has_is_not_believed(moves, arrived):
    """Whoever can reach the port could else close a warning that nobody was told."""
    assert said(row_in(*moves), arrived=arrived) is None


def test_a_carrier_of_texts_reports_on_no_letter():
    """A report speaks of its own way only."""
    letter = row_in(claim, hand, settle(Delivered("b")), way=Way.EMAIL)

    assert said(letter, arrived=True) is None
    assert said(letter, arrived=True, way=Way.EMAIL).state is RowState.ARRIVED


def test_the_first_report_decides():
    """A second part's report changes the history, not the state."""
    row = row_in(claim, hand, settle(Delivered("b")), report(arrived=True), report(arrived=False))

    assert (row.state, row.history[-1].step) == (RowState.ARRIVED, Step.LATE_REPORT)


def test_only_a_troubled_message_can_be_released():
    """A person may send again what failed or is uncertain, not what is under way or done."""
    uncertain = row_in(claim, hand, settle(InDoubt()), way=Way.EMAIL)
    done = row_in(claim, hand, settle(Delivered("b")))

    again = release(uncertain, NOON)

    assert (again.state, again.history[-1].by) == (RowState.WAITING, "ops")
    assert release(done, NOON) is None


GAVE_UP = InDoubt(Cause.GAVE_UP)


@pytest.mark.parametrize(
    ("way", "outcome", "askable", "asks"),
    [
        pytest.param(Way.SMS, GAVE_UP, [Way.SMS], True, id="a text in doubt"),
        pytest.param(Way.SMS, GAVE_UP, [], False, id="a text of a carrier that tells nothing"),
        pytest.param(Way.SMS, InDoubt(), [Way.SMS], False, id="the carrier of then told nothing"),
        pytest.param(
            Way.SMS, Refused(Cause.BAD_ADDRESS), [Way.SMS], False, id="a text that was refused"
        ),
        pytest.param(
            Way.EMAIL, GAVE_UP, [Way.SMS], False, id="a letter, of which nobody can be asked"
        ),
    ],
)
def test_what_is_released_in_doubt_is_asked_about_where_somebody_tells(way, outcome, askable, asks):
    """A person who releases does not make a second copy of what the gateway has.

    Where nobody tells it is theirs to decide, and asking in vain would only end it again.
    """
    row = row_in(claim, hand, settle(outcome), way=way)

    assert steps.is_asked_about(row, askable=askable) is asks
    assert claim(release(row, NOON, askable), NOON).is_doubtful is asks


def test_only_what_waits_is_withdrawn():
    """What a worker has in hand, or what has left, cannot be called back."""
    waiting = steps.withdrawn(row_in(), now=NOON)
    again = steps.withdrawn(row_in(claim, settle(TryAgain(Cause.TIMEOUT))), now=NOON)
    gone = row_in(claim, hand, settle(Delivered("b")))

    assert waiting.state is again.state is RowState.WITHDRAWN
    assert (waiting.next_at, waiting.untold[-1].step) == (None, Step.WITHDRAWN)
    assert all(steps.withdrawn(one, now=NOON) is None for one in (row_in(claim), gone))


def test_receipts_are_told_once_even_when_the_history_is_cut():
    """Marks count entries ever written, so a shortened history skips no receipt."""
    row = row_in()
    seen = 0
    for number in range(HISTORY_LENGTH):
        now = NOON + number * dt.timedelta(hours=2)
        row = steps.claimed(row, now=now, worker="w", lease=LEASE)
        row = as_if_planned(row, now)
        row = settle(TryAgain(Cause.TIMEOUT))(row, now)
        fresh = row.untold
        seen += len(fresh)
        row = steps.told(row, upto=row.entries)

    assert seen == HISTORY_LENGTH
    assert len(row.history) == HISTORY_LENGTH
    assert row.untold == ()
    assert all(entry.step in REPORTED_STEPS for entry in fresh)


def as_if_planned(row, now):
    """Return the row as if it had been planned just now, so that it does not give up."""
    fresh = msgspec.structs.replace(row.notification, created_at=now)
    return msgspec.structs.replace(row, notification=fresh)
