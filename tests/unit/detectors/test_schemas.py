"""Do the schemas, the decoder and the golden records say the same of what may be sent?"""

import copy
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import events as e
from detectors.schemas import DIALECT, schema_of
from tests import golden_events as golden
from tests import strategies
from tests.json_schema import problems
from tests.regenerate import ROOT, schema_files

TYPES = sorted(e.event_types())
VALID = [pytest.param(*row, id=f"{row[0]}-{n}") for n, row in enumerate(golden.valid())]
INVALID = [pytest.param(*row, id=f"{row[0]}-{n}") for n, row in enumerate(golden.invalid())]


@pytest.mark.parametrize("type_", TYPES)
def test_the_files_equal_what_the_code_makes(type_):
    """docs/schemas is made by `python -m tests.regenerate`, and is not edited by hand."""
    file = ROOT / "docs" / "schemas" / f"{type_}.json"

    assert file.read_text(encoding="utf-8") == schema_files()[file.name]


def test_there_is_a_file_for_each_type_and_no_other():
    """A type that is gone takes its schema with it."""
    there = {file.stem for file in Path(ROOT / "docs" / "schemas").glob("*.json")}

    assert there == set(TYPES)


@pytest.mark.parametrize("type_", TYPES)
def test_a_schema_is_whole(type_):
    """A schema names its dialect and refers to nothing outside itself."""
    schema = schema_of(type_)
    references = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(schema)))

    assert schema["$schema"] == DIALECT
    assert references <= {f"#/$defs/{name}" for name in schema["$defs"]}


@pytest.mark.parametrize(("type_", "raw"), VALID)
def test_a_good_record_passes_both(type_, raw):
    """What the golden files call good, decoder and schema take."""
    assert problems(golden.payload(raw), schema_of(type_)) == []
    assert json.loads(e.encode(e.decode(raw)))["type"] == type_


@pytest.mark.parametrize(("type_", "bad"), INVALID)
def test_a_bad_record_passes_neither(type_, bad):
    """What the golden files call bad, decoder and schema refuse; the decoder says why."""
    with pytest.raises(e.InvalidEventError) as refusal:
        e.decode(json.dumps(bad.event).encode())

    assert refusal.value.cause == bad.cause
    assert bad.says in refusal.value.detail
    assert problems(bad.event, schema_of(type_)) != []


@pytest.mark.parametrize("kind", ["valid", "invalid"])
def test_every_type_has_golden_records(kind):
    """A new type brings a good record and a bad one."""
    assert {type_ for type_, _ in getattr(golden, kind)()} == set(TYPES)


@pytest.mark.parametrize("type_", TYPES)
@settings(max_examples=8)
@given(draw=st.data())
def test_whatever_the_code_sends_the_schema_allows(type_, draw):
    """No event that the declaration allows is refused by the schema made from it."""
    event = draw.draw(strategies.events(e.event_types()[type_]))

    assert problems(json.loads(e.encode(event)), schema_of(type_)) == []


def leaves(value, path=()):
    """Yield the path of each value within a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in inside:
        yield (*path, name)
        if isinstance(one, (dict, list)):
            yield from leaves(one, (*path, name))


def changed(record, path):
    """Yield a record with one value changed, as a source might get it wrong."""
    *above, last = path
    value = record
    for name in path:
        value = value[name]
    others = [None, True, -1, 0.5, "", "x", [], {}, "2026-02-30", "2026-07-01T09:00:00"]
    if isinstance(value, str):
        others += [f"{value}\n", f"{value} ", f"\n{value}", value * 30, value.lower()]
    for other in others:
        spoilt = copy.deepcopy(record)
        place = spoilt
        for name in above:
            place = place[name]
        place[last] = other
        yield spoilt


@pytest.mark.parametrize("type_", TYPES)
def test_schema_and_decoder_refuse_the_same(type_):
    """Of good records with one value changed, the schema takes those that the decoder takes.

    A code with a line break after it, say: Python's $ let it pass, and it led to no department.
    """
    schema, split = schema_of(type_), []
    for raw in (raw for one, raw in golden.valid() if one == type_):
        record = golden.payload(raw)
        for path in leaves(record):
            if path == ("type",):
                continue
            for spoilt in changed(record, path):
                try:
                    e.decode(json.dumps(spoilt).encode())
                    is_taken = True
                except e.InvalidEventError:
                    is_taken = False
                if is_taken is bool(problems(spoilt, schema)):
                    split.append((path, spoilt))

    assert split == []
