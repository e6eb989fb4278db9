"""Does a duty desk see what nobody signed for, and can it say what was done?"""

import datetime as dt

import msgspec
import pytest
from typer.testing import CliRunner

from alerts.batched import bundle_id
from alerts.specimen import specimen
from config.schema import Settings
from detectors import events as e
from detectors.handling import Handled
from detectors.measure import Measure
from detectors.warning import CHINA, WarningStatus, warning_number
from streams import clock
from streams.assembly import build_wisdom
from streams.assessed import warning_records
from streams.cli import app
from streams.cli_warnings import row
from streams.signing import About, Act, act_event, is_unsigned, named
from streams.terminal import DENIED, NOT_FOUND, USAGE
from streams.told_warnings import duty_of, newest
from streams.topics import Topic
from streams.warning_lives import life_record, without_acts

FRIDAY = dt.datetime(2026, 7, 3, 16, tzinfo=CHINA)
DESK = build_wisdom(Settings()).desk
WARNING = msgspec.structs.replace(specimen(Measure.INSPECTION), place="410422001", issued_at=FRIDAY)


def act(state, *, by="p-1", measure=Measure.INSPECTION, hours=1.0, warning=WARNING):
    """Return an act on the warning so many hours after it."""
    at = warning.issued_at + dt.timedelta(hours=hours)
    return Handled(
        warning_id=warning.id, number=warning.number, uscc=warning.uscc, place=warning.place,
        measure=measure, state=state, at=at, cause=f"urn:test/{state}-{by}-{hours}", actor=by,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("life", "hours", "expected"),
    [
        pytest.param([], 3.9, False, id="within its four hours"),
        pytest.param([], 4.1, True, id="beyond them"),
        pytest.param([act("acknowledged")], 24, False, id="signed for"),
        pytest.param([act("returned")], 2, True, id="given back, at once"),
        pytest.param([act("acknowledged", measure=Measure.WARNING)], 5, True,
                     id="signed for when it was less grave"),
        pytest.param([act("returned"), act("acknowledged", by="q", hours=2)], 24, False,
                     id="given back by one, taken by another"),
    ],
)  # fmt: skip
def test_what_waits_for_a_signature(life, hours, expected):
    """Open, unsigned beyond the ladder's time for its measure, or given back."""
    now = FRIDAY + dt.timedelta(hours=hours)

    assert is_unsigned(WARNING, life, DESK, now=now) is expected


def test_a_lowered_warning_is_still_somebody_s():
    """It stands by a milder measure: unsigned it waits, and the list says how far people are."""
    lowered = msgspec.structs.replace(WARNING, status=WarningStatus.LOWERED)

    assert is_unsigned(lowered, [], DESK, now=FRIDAY + dt.timedelta(days=30))
    assert "已签收" in row(lowered, DESK, [act("acknowledged")])


@pytest.mark.parametrize("status", [WarningStatus.CLOSED, WarningStatus.CANCELLED])
def test_what_has_ended_waits_for_nobody(status):
    """Nobody need sign for what is over."""
    over = msgspec.structs.replace(WARNING, status=status)

    assert not is_unsigned(over, [], DESK, now=FRIDAY + dt.timedelta(days=30))


def test_working_days_are_counted_as_the_letter_counts_them():
    """A reminder of Friday has five working days: it does not wait on Friday next at noon."""
    mild = msgspec.structs.replace(WARNING, measure=Measure.REMINDER)

    assert not is_unsigned(mild, [], DESK, now=FRIDAY + dt.timedelta(days=6.9))
    assert is_unsigned(mild, [], DESK, now=FRIDAY + dt.timedelta(days=7.4))


def topic(*said):
    """Return what the state topic carries: warnings, and acts on them."""
    records = [
        record
        for one in said
        for record in (
            [life_record(one, 4)] if isinstance(one, Handled) else warning_records(one, 0, 4)
        )
    ]
    return [(r.key, r.value) for r in records if r.topic == Topic.WARNING_STATE.value]


def test_a_life_leaves_the_warning_what_it_was():
    """Acts have keys of their own: a compacted topic keeps them, and the warning beside them."""
    told = topic(WARNING, act("acknowledged"), act("feedback", hours=2))
    lives = {}

    found = newest(without_acts(told, lives), lambda _: True)

    assert len({key for key, _ in told}) == 3
    assert found == newest(told, lambda _: True) == [WARNING]
    assert [one.state for one in lives[WARNING.id]] == ["acknowledged", "feedback"]


def test_the_acts_of_a_warning_are_in_its_partition():
    """Whoever follows one warning reads one partition, in order."""
    (state,) = [
        one for one in warning_records(WARNING, 0, 4) if one.topic == Topic.WARNING_STATE.value
    ]

    assert life_record(act("acknowledged"), 4).partition == state.partition


def test_the_list_says_what_was_done_last():
    """An open warning is as far as people are; of one that has ended, they or time ended it."""
    life = [act("acknowledged"), act("feedback", hours=2)]
    over = msgspec.structs.replace(WARNING, status=WarningStatus.CLOSED)
    by_people = [*life, act("false_positive", by="p-2", hours=3)]

    assert "未结" in row(WARNING, DESK)
    assert "已反馈" in row(WARNING, DESK, life)
    assert "已消除" in row(over, DESK, life)
    assert "误报" in row(over, DESK, by_people)


def test_the_same_act_has_the_same_id():
    """Said again, later, it is recognised; another word is another act."""
    about = About(id="w-1", uscc=WARNING.uscc, measure=Measure.WARNING, domain="SE")
    signs = Act(state="acknowledged", actor="p-1", authority="a-1")
    returns = Act(state="returned", actor="p-1", authority="a-1", note="非本所辖区")

    said = [act_event(one, about, source="urn:test", at=FRIDAY) for one in (signs, returns)]
    again = act_event(signs, about, source="urn:test", at=FRIDAY + dt.timedelta(hours=1))

    assert again.id == said[0].id != said[1].id
    assert e.decode(e.encode(said[1])).data.note == "非本所辖区"


def test_who_signs_again_after_giving_back_has_signed_again():
    """The second signature is no repetition of the first; pressed twice, each is one act."""
    about = About(id=WARNING.id, uscc=WARNING.uscc, measure=Measure.WARNING, domain="SE")
    signs = Act(state="acknowledged", actor="p-1", authority="a-1")
    life = [act("acknowledged"), act("returned", hours=2)]

    first, pressed_twice, second, twice_again = (
        act_event(signs, about, source="urn:test", at=FRIDAY, life=before).id
        for before in ([], life[:1], life, [*life, act("acknowledged", hours=3)])
    )

    assert first == pressed_twice != second == twice_again


def test_the_number_of_a_bundle_names_all_on_its_list():
    """A station's list is signed for by the one number that its mail has."""
    batched = [
        msgspec.structs.replace(
            specimen(Measure.WARNING), id=f"w-{n:016x}", number=f"N-{n}", place="410422001",
            batched=True,
        )
        for n in range(3)
    ]  # fmt: skip
    bundle = bundle_id(batched[0], duty_of(batched[0], DESK))
    number = warning_number(bundle, place="410422001", issued_at=batched[0].issued_at)

    assert all(named(name, DESK)(one) for name in (bundle, number) for one in batched)
    assert [one.id for one in batched if named("N-1", DESK)(one)] == [batched[1].id]
    assert not named(number, DESK)(WARNING)


@pytest.fixture
def spoken(monkeypatch):
    """Let the command read a topic of ours and publish to a list; return both."""
    told, said = [], []

    async def say(_settings, act, about):
        """Keep what would be published."""
        said.extend((act.state, act.actor, act.authority, one.number) for one, _ in about)

    monkeypatch.setattr("streams.cli_handle.records", lambda _bootstrap: told)
    monkeypatch.setattr("streams.cli_handle._say", say)
    return told, said


def handled(*words):
    """Run the command, with a note."""
    return CliRunner().invoke(app, ["warnings", "handle", "--note", "已检查", *words])


def test_a_desk_signs_for_a_person_or_an_office(spoken):
    """By the codes of the roster; the office of a person is found."""
    told, said = spoken
    told += topic(WARNING)

    for by in ("yx-xy", "410422-CJ"):
        answer = handled(WARNING.number, "--state", "acknowledged", "--by", by)
        assert answer.exit_code == 0, answer.output

    assert said == [
        ("acknowledged", "yx-xy", "410422-XY", WARNING.number),
        ("acknowledged", "410422-CJ", "410422-CJ", WARNING.number),
    ]


@pytest.mark.parametrize(
    ("life", "words", "code"),
    [
        pytest.param([act("feedback", by="yx-xy")], ["closed", "yx-xy"], 1, id="who handled"),
        pytest.param([act("feedback")], ["closed", "yx-xy"], 0, id="another"),
        pytest.param([], ["closed", "yx-xy"], 1, id="no result yet"),
        pytest.param(
            [act("acknowledged", by="yx-xy")],
            ["false_positive", "yx-xy"],
            1,
            id="one person alone, as a false alarm",
        ),
        pytest.param(
            [act("feedback", by="yx-xy")],
            ["cancelled", "yx-xy"],
            1,
            id="who handled, by another word",
        ),
        pytest.param(
            [act("feedback")], ["false_positive", "yx-xy"], 0, id="another, as a false alarm"
        ),
        pytest.param([act("closed")], ["acknowledged", "yx-xy"], 1, id="closed already"),
        pytest.param([], ["acknowledged", "nobody"], USAGE, id="not in the roster"),
    ],
)
def test_the_desk_keeps_the_rules_of_the_page(spoken, life, words, code):
    """Who handled an inspection does not close it, and nothing is said twice of what has ended."""
    told, said = spoken
    told += topic(WARNING, *life)
    state, by = words

    answer = handled(WARNING.number, "--state", state, "--by", by, "--outcome", "rectified")

    assert answer.exit_code == code, answer.output
    assert bool(said) == (code == 0)


def test_a_number_that_is_not_there_and_one_of_another_county(spoken, tmp_path):
    """A wrong number is an answer; another county's warning is refused."""
    told, said = spoken
    told += topic(WARNING)
    elsewhere = tmp_path / "settings.yaml"
    elsewhere.write_text('scope: ["410423"]\n')

    assert handled("0-0", "--state", "acknowledged", "--by", "yx-xy").exit_code == NOT_FOUND
    refused = handled(
        WARNING.number, "--state", "acknowledged", "--by", "yx-xy", "--config", str(elsewhere)
    )
    assert refused.exit_code == DENIED
    assert said == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["returned"], "请填写理由", id="given back without a reason"),
        pytest.param(
            ["feedback", "--note", " "], "请填写处置结果", id="a result that says nothing"
        ),
        pytest.param(["closed"], "请选择办结方式", id="closed without how"),
    ],
)
def test_the_desk_asks_for_the_words_that_the_page_asks_for(spoken, words, said):
    """Nobody finds 已退回, 已反馈 or 已办结 on the list with nothing behind it."""
    told, published = spoken
    told += topic(WARNING, act("feedback"))

    answer = CliRunner().invoke(
        app, ["warnings", "handle", WARNING.number, "--by", "yx-xy", "--state", *words]
    )

    assert (answer.exit_code, published) == (USAGE, [])
    assert said in answer.output


def test_many_at_once_are_asked_about(spoken):
    """A bundle's number is many enterprises: without a yes none is signed for."""
    told, said = spoken
    both = [
        msgspec.structs.replace(WARNING, id=f"w-{n:016x}", number=f"N-{n}", batched=True)
        for n in (1, 2)
    ]
    told += topic(*both)
    bundle = bundle_id(both[0], duty_of(both[0], DESK))

    refused = handled(bundle, "--state", "acknowledged", "--by", "yx-xy")
    agreed = handled(bundle, "--state", "acknowledged", "--by", "yx-xy", "--yes")

    assert (refused.exit_code, agreed.exit_code, len(said)) == (1, 0, 2)


def test_one_number_of_two_warnings_is_none_of_them(spoken):
    """Four characters of an id are sometimes alike: the ids tell two apart, and none is touched."""
    told, said = spoken
    both = [msgspec.structs.replace(WARNING, id=f"w-{n:016x}") for n in (1, 2)]
    told += topic(*both)

    vague = handled(WARNING.number, "--state", "acknowledged", "--by", "yx-xy", "--yes")
    exact = handled(both[1].id, "--state", "acknowledged", "--by", "yx-xy")

    assert vague.exit_code == USAGE
    assert all(one.id in vague.output for one in both)
    assert (exact.exit_code, len(said)) == (0, 1)


async def _traceless(*_):
    """Write to no trail."""


def test_the_list_of_what_nobody_signed(monkeypatch):
    """``--unsigned`` leaves out what is signed for, and what is history to us."""
    old = msgspec.structs.replace(WARNING, issued_at=clock.now() - dt.timedelta(days=2))
    signed = msgspec.structs.replace(old, id="w-0000000000000001", number="N-signed")
    told = topic(old, signed, act("acknowledged", warning=signed))
    monkeypatch.setattr("streams.cli_warnings.records", lambda _bootstrap: told)
    monkeypatch.setattr("streams.cli_warnings._leave_trace", _traceless)
    tomorrow = f"{clock.now() + dt.timedelta(days=1):%Y-%m-%d}"

    listed = CliRunner().invoke(app, ["warnings", "list", "--unsigned"])
    history = CliRunner(env={"SANZAO_NOTIFY__SINCE": tomorrow}).invoke(
        app, ["warnings", "list", "--unsigned"]
    )

    assert "warnings=1" in listed.output
    assert WARNING.number in listed.output
    assert "warnings=0" in history.output
