"""Which records can a source send, and which lives can an enterprise lead?  For hypothesis."""

import datetime as dt
import re
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from detectors import events as e
from detectors.payloads import END
from tests import builders as b

TEXT = st.characters(exclude_categories=["Cs"])
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda m: dt.timezone(dt.timedelta(minutes=m)))


def _values(type_: inspect.Type) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911, PLR0912 - one arm a type
    """Return the values that a declared type allows."""
    match type_:
        case inspect.StrType(pattern=str() as pattern):
            plain = pattern.removesuffix(END)  # a lookahead makes hypothesis try and try again
            return st.from_regex(re.compile(plain, re.ASCII), fullmatch=True)
        case inspect.StrType(min_length=least, max_length=most):
            return st.text(TEXT, min_size=least or 0, max_size=min(most or 20, 20))
        case inspect.IntType(ge=least, le=most):
            return st.integers(-(2**53) if least is None else least, most or 2**53)
        case inspect.FloatType(ge=least, le=most):
            return st.floats(least, 1e15 if most is None else most, allow_nan=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.DateType():
            return st.dates()
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.EnumType(cls=enum):
            return st.sampled_from(list(enum))
        case inspect.VarTupleType(item_type=inner):
            return st.lists(_values(inner), max_size=3).map(tuple)
        case inspect.NoneType():
            return st.none()
        case inspect.VarTupleType(item_type=item, max_length=most):
            return st.lists(_values(item), max_size=min(most or 3, 3)).map(tuple)
        case inspect.UnionType(types=types):
            return st.one_of([_values(one) for one in types])
        case inspect.DictType(value_type=of, max_length=most):
            names = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
            return st.dictionaries(names, _values(of), max_size=min(most or 4, 4))
        case inspect.Metadata(type=inner):
            return _values(inner)
    raise NotImplementedError(f"{type_}: teach tests/strategies.py this type")


def payloads(type_: type[e.Payload]) -> st.SearchStrategy[e.Payload]:
    """Return every payload that the declaration of an event type allows."""
    declared = inspect.type_info(type_)
    assert isinstance(declared, inspect.StructType)
    fields = {field.name: _values(field.type) for field in declared.fields}
    made = st.fixed_dictionaries(fields).map(lambda values: _made(type_, values))
    return made.filter(_is_allowed)


def _made(type_: type[e.Payload], values: dict[str, Any]) -> e.Payload | None:
    """Return a payload, or None where its fields do not go together."""
    try:
        return type_(**values)
    except ValueError:
        return None


def _is_allowed(data: e.Payload | None) -> bool:
    return data is not None and _says_of_what(data)


def _says_of_what(data: e.Payload) -> bool:
    """Return whether a record that speaks of an earlier one names it, as the wire demands."""
    return bool(data.supersedes) or (data.op is e.Op.ADD and not isinstance(data, e.RepairDecided))


def events(type_: type[e.Payload]) -> st.SearchStrategy[e.Event]:
    """Return every event of a type."""
    return st.builds(
        e.event_of,
        payloads(type_),
        id=st.text(TEXT, min_size=1, max_size=20),
        source=st.text(TEXT, min_size=1, max_size=20),
        subject=st.just(b.USCC),
        time=st.datetimes(
            min_value=dt.datetime(1950, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
            max_value=dt.datetime(2100, 1, 1),  # noqa: DTZ001
            timezones=ZONES,
        ),
    )


# Facts that stand by themselves: no one of them ends, replaces or renews another.
ADVERSE: list[e.Payload] = [
    b.penalty("minor"),
    b.penalty("general"),
    b.penalty("severe"),
    b.penalty("general", offence="O1"),
    b.penalty("severe", offence="O1"),
    b.food_sample("label", number="S1"),
    b.food_sample("physical", number="S2"),
    b.food_sample("illegal_additive", number="S3"),
    b.inspection("failed", severity=0.4),
    b.inspection("refused"),
    e.AbnormalAdded(reason=1),
    e.AbnormalAdded(reason=4),
    e.SeriousListChanged(list_code="L1", action="add"),
    e.EquityFrozen(case_no="C1", share=0.3),
    e.CaseChanged(case_no="C2", status="opened", domain="FOODS"),
    e.FoodIncident(people=3),
    e.EquipmentIncident(equipment="Q1"),
    e.ReportVerified(ticket="R1", verdict="true"),
    e.RecallChanged(recall_no="R1", product="插座", kind="ordered"),
    e.MonitoringHit(channel="AD", evidence="A1"),
    e.ExternalRecord(record_no="T1", kind="tax_arrears"),
    e.CoerciveMeasure(measure_no="M1", kind="seizure"),
    e.ProductSampled(sample_no="S9", verdict="failed", product="插座"),
    e.FalseRegistration(items="冒名登记"),
    *b.shell_change(),
    b.penalty("general", domain="CATER"),
    b.penalty("general", domain="COMP"),
    b.penalty("minor", domain="QUAL", offence="O2", offence_kind="短斤少两"),
    b.penalty("minor", domain="QUAL", offence="O3", offence_kind="短斤少两"),
    e.AbnormalAdded(reason=3),
    e.LicenceRevoked(kind="revoked"),
    e.FalseRegistration(items="设立登记"),
    e.DisclosureCorrected(field="出资额", found_false=True),
    e.EquityPledged(pledge_no="G1", share=0.4),
    e.EquityPledged(pledge_no="G2", share=0.4),
    e.ProductSampled(sample_no="P1", verdict="failed", product="插座"),
    e.ProductSampled(sample_no="P2", verdict="failed", product="插座", recheck=True),
    e.ProductSampled(sample_no="P3", verdict="failed", product="药", domain="DRUG"),
    e.RecallChanged(recall_no="R1", product="插座", kind="ordered"),
    e.MonitoringHit(channel="AD", evidence="A1"),
    e.MonitoringHit(channel="PRICE", evidence="A2"),
    e.CoerciveMeasure(measure_no="M1", kind="seizure"),
    e.CoerciveMeasure(measure_no="M2", kind="transfer"),
    e.InspectionResult(domain="TEST", result="failed", finding="false_report"),
    e.InspectionResult(domain="QUAL", result="failed", finding="unreachable"),
    e.ExternalRecord(record_no="X1", kind="tax_arrears", severity=0.5),
    e.ExternalRecord(record_no="X2", kind="safety_accident"),
    e.JudicialRecord(case_no="J1", action="add"),
    e.ComplaintReceived(ticket="T1", complainant="p1", matter="退卡", runaway=True),
    e.CapitalReductionNotice(before=100.0, after=30.0),
]
MILD: list[e.Payload] = [e.HonourGranted(kind="质量奖"), b.inspection("passed")]
DAYS = st.integers(0, 400)


@st.composite
def lives(draw: st.DrawFn, *, least: int = 1, most: int = 8) -> list[e.Event]:
    """Return events in the order of their days, each with a name of its own."""
    days = sorted(draw(st.lists(DAYS, min_size=least, max_size=most)))
    return [
        b.event(draw(st.sampled_from([*ADVERSE, *MILD])), day=day, name=f"n{place}")
        for place, day in enumerate(days)
    ]


def as_struct(value: msgspec.Struct) -> Any:
    """Return a struct as plain values, deep, so that a later change would show."""
    return msgspec.to_builtins(value)
