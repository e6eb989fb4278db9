"""Does a junction tell each of its members what it ought to know, once, whatever the order?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors import events as e
from detectors.junction import Junction, decode, encode
from detectors.meeting import KEEP_GONE, SOURCE, meet
from detectors.neighbours import BondChanged, Relation
from detectors.state import IncompatibleStateError
from detectors.trouble import CALM, Trouble
from tests import builders as b
from tests.world import code, rules

GRAVE = Trouble(1.0, b.at(0))
HALF = Trouble(0.5, b.at(0))


def bond(number, offset=0, *, relation=Relation.LEGAL_REP, trouble=CALM, linked=True, **more):
    """Return a change of an enterprise's bond, the next of its log."""
    given_ = {
        "junction": 7, "member": code(number), "relation": relation, "linked": linked,
        "fresh": offset == 0, "hears": True, "speaks": True, "since": b.at(number),
        "strength": 1.0, "trouble": trouble, "at": b.at(offset),
        "cause": f"urn:a/{number}-{offset}",
        "epoch": 1, "partition": 3, "offset": offset,
    }  # fmt: skip
    return BondChanged(**(given_ | more))


def met(*changes, knowing=None):
    """Return a junction after these changes, and all that it said."""
    junction, signals = Junction(), []
    for change in changes:
        meeting = meet(junction, change, knowing or rules())
        junction = meeting.junction
        signals += meeting.signals
    return junction, signals


def knowledge(junction):
    """Return what each member knows, but for the ids."""
    return {
        (member.uscc, member.relation): sorted(
            (told.kind, told.neighbour, told.severity, told.strength) for told in member.told
        )
        for member in junction.members
        if member.linked and member.told
    }


def test_a_signal_says_what_it_must():
    """The signal is an event of ours for the neighbour, weighed, in the neighbour's partition."""
    _, (signal,) = met(bond(0), bond(1, trouble=GRAVE))

    event = signal.event
    assert (event.source, event.subject, signal.partition) == (SOURCE, code(0), 3)
    assert event.data == e.NeighbourTrouble(
        neighbour=code(1), relation="legal_rep", severity=1.0, strength=0.5
    )


def test_an_end_speaks_of_its_beginning():
    """An ending names the signal that it ends, so the receiver ends that fact and no other."""
    _, (begun, ended) = met(bond(0), bond(1, trouble=GRAVE), bond(1, 1))

    assert ended.event.data.op is e.Op.EXPIRE
    assert ended.event.data.supersedes == begun.event.id
    assert ended.event.data.ended


def test_a_change_of_severity_replaces_what_was_said():
    """Half trouble that becomes grave: the one ends, the other begins, under ids of their own."""
    _, signals = met(bond(0), bond(1, trouble=HALF), bond(1, 1, trouble=GRAVE))

    assert [(s.event.data.severity, s.event.data.ended) for s in signals] == [
        (0.5, False), (0.5, True), (1.0, False),
    ]  # fmt: skip
    assert len({s.event.id for s in signals}) == 3


def test_only_the_worst_neighbour_is_told():
    """GRAPH is a maximum: a second troubled neighbour, no worse, is no news."""
    _, signals = met(bond(0), bond(1, trouble=HALF), bond(2, trouble=HALF))

    to_first = [s for s in signals if s.event.subject == code(0)]
    assert [s.event.data.neighbour for s in to_first] == [code(1)]


def test_the_next_worst_is_told_when_the_worst_recovers():
    """When one of two recovers, the neighbour hears that the other is still in trouble."""
    junction, _ = met(bond(0), bond(1, trouble=GRAVE), bond(2, trouble=HALF), bond(1, 1))

    assert knowledge(junction)[code(0), "legal_rep"] == [("trouble", code(2), 0.5, 0.5)]


def test_nobody_hears_of_himself():
    """An enterprise that is tied twice to one person is no neighbour of its own."""
    _, signals = met(bond(0, trouble=GRAVE), bond(0, relation=Relation.HOLDER, trouble=GRAVE))

    assert signals == []


@pytest.mark.parametrize(
    "stale", [pytest.param(1, id="the same change again"), pytest.param(0, id="an older one")]
)
def test_what_is_stale_changes_nothing(stale):
    """A repeated change, or one that a worker without its partition still tells, is recognised."""
    junction, _ = met(bond(0), bond(1), bond(1, 1, linked=False))
    late = bond(1, stale, trouble=GRAVE, linked=True)

    meeting = meet(junction, late, rules())

    assert meeting.junction is junction
    assert meeting.signals == ()


def test_a_new_epoch_is_newer():
    """A log that began anew has smaller offsets; its epoch says that they are later."""
    junction, _ = met(bond(0), bond(1, 9))

    meeting = meet(junction, bond(1, 0, trouble=GRAVE, epoch=2), rules())

    assert len(meeting.signals) == 1


def test_ids_follow_from_the_cause():
    """The same changes met anew say the same under the same ids: the receivers recognise them."""
    changes = [bond(0), bond(1, trouble=HALF), bond(1, 1, trouble=GRAVE), bond(1, 2)]

    first, second = met(*changes)[1], met(*changes)[1]

    assert [e.encode(s.event) for s in first] == [e.encode(s.event) for s in second]


LOGS = st.lists(
    st.lists(
        st.tuples(st.sampled_from([CALM, HALF, GRAVE]), st.booleans()), min_size=1, max_size=4
    ),
    min_size=2,
    max_size=4,
)


def log_of(number, entries):
    """Return the changes of one enterprise, in the order of its log."""
    return [
        bond(number, n, trouble=t, linked=is_linked) for n, (t, is_linked) in enumerate(entries)
    ]


@given(LOGS, st.randoms(use_true_random=False))
def test_the_order_between_enterprises_does_not_matter(logs, chance):
    """However the logs of several enterprises interleave, all severities known are the same."""
    plain = [change for number, log in enumerate(logs) for change in log_of(number, log)]
    lanes = [log_of(number, log) for number, log in enumerate(logs)]
    mixed = []
    while any(lanes):
        mixed.append(chance.choice([lane for lane in lanes if lane]).pop(0))

    def severities(junction):
        return {who: [(kind, *rest) for kind, _, *rest in known]
                for who, known in knowledge(junction).items()}  # fmt: skip

    assert severities(met(*plain)[0]) == severities(met(*mixed)[0])


@given(LOGS, st.data())
def test_repeats_are_told_to_nobody(logs, data):
    """Whatever part of the changes comes again, and again in part, nothing is said twice."""
    changes = [change for number, log in enumerate(logs) for change in log_of(number, log)]
    junction, _ = met(*changes)
    again = data.draw(st.lists(st.sampled_from(changes), max_size=6))

    after = [meet(junction, change, rules()) for change in again]

    assert all(one.signals == () and one.junction is junction for one in after)


@given(LOGS)
def test_told_and_signals_agree(logs):
    """What the members know is exactly what was begun and not ended."""
    changes = [change for number, log in enumerate(logs) for change in log_of(number, log)]

    junction, signals = met(*changes)

    open_ = {}
    for signal in signals:
        event = signal.event
        if event.data.ended:
            del open_[event.data.supersedes]
        else:
            open_[event.id] = event.subject
    assert open_ == {told.signal: m.uscc for m in junction.members for told in m.told}


def test_a_junction_remembers_few_that_have_gone():
    """A person whose firms come and go by the hundred leaves a bounded trace."""
    changes = [
        change for number in range(100) for change in (bond(number), bond(number, 1, linked=False))
    ]

    junction, _ = met(*changes)

    assert len(junction.members) <= KEEP_GONE + 1


def test_who_was_told_stays_when_places_are_few():
    """Newcomers beyond the fan-out displace nobody, and take the places that become free."""
    narrow = replace(rules(), fan_out=2)
    junction, _ = met(*(bond(n) for n in range(3)), bond(9, trouble=GRAVE), knowing=narrow)
    assert set(knowledge(junction)) == {(code(1), "legal_rep"), (code(2), "legal_rep")}

    meeting = meet(junction, bond(2, 1, linked=False), narrow)

    assert set(knowledge(meeting.junction)) == {(code(0), "legal_rep"), (code(1), "legal_rep")}


def test_a_crowd_beyond_the_list_is_still_counted():
    """A hundred and twenty firms at one address, of which twenty are kept, count in full."""
    narrow = replace(rules(), most_members=20, fan_out=20)
    crowd = [bond(n, relation=Relation.ADDRESS) for n in range(120)]

    junction, signals = met(*crowd, knowing=narrow)

    assert len(junction.members) == 20
    assert len(junction.members) + junction.unlisted == 120
    assert max(s.event.data.count for s in signals) >= 100


def test_a_member_let_go_comes_back_with_its_trouble():
    """Who was only counted and gets into trouble is heard, and the count stays right."""
    narrow = replace(rules(), most_members=5, fan_out=5)
    junction, _ = met(*(bond(n, relation=Relation.ADDRESS) for n in range(9)), knowing=narrow)
    gone = {code(n) for n in range(9)} - {m.uscc for m in junction.members}
    number = next(n for n in range(9) if code(n) in gone)

    meeting = meet(junction, bond(number, 1, relation=Relation.ADDRESS, trouble=GRAVE), narrow)

    assert code(number) in {m.uscc for m in meeting.junction.members}
    assert len(meeting.junction.members) + meeting.junction.unlisted == 9


def test_a_junction_survives_its_bytes():
    """What is stored comes back as it was, under its schema."""
    junction, _ = met(bond(0), bond(1, trouble=GRAVE), bond(2, relation=Relation.FILED_BY))

    assert decode(encode(junction)) == junction


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(encode(Junction(schema=99)), id="another schema"),
        pytest.param(b"\xc1", id="no junction at all"),
    ],
)
def test_a_foreign_junction_is_refused(raw):
    """Bytes of another version are never read as ours."""
    with pytest.raises(IncompatibleStateError):
        decode(raw)


def test_a_member_takes_few_bytes():
    """A junction of two hundred members stays under sixteen KiB."""
    junction, _ = met(*(bond(n) for n in range(200)))

    assert len(encode(junction)) < 16_384
