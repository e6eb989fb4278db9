"""Is an event refused that may not be applied, and does the refusal say what would be right?"""

from pathlib import Path

import pytest

from detectors import events as e
from detectors.admission import MAKERS
from detectors.told import Told
from tests import builders as b

FEBRUARY = e.ClassOfMonth(period="2026-02", risk_class="D")
TROUBLE = e.NeighbourTrouble(neighbour="x", relation="holder", severity=1.0)
DENSITY = e.NeighbourDensity(relation="agent", count=99, window_days=30)


def refusal(data, **more):
    """Return why an enterprise refuses an event."""
    with pytest.raises(e.InvalidEventError) as refused:
        b.Enterprise().has(data, **more)
    return refused.value


@pytest.mark.parametrize("domain", ["FOOD", "ZZZZ", "EU"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda domain: b.penalty(domain=domain), id="a penalty"),
        pytest.param(lambda domain: b.inspection(domain=domain), id="an outcome: no new model"),
        pytest.param(lambda domain: e.InspectionStarted(task="T", domain=domain), id="a question"),
    ],
)
def test_a_domain_that_the_knowledge_does_not_name_is_refused(data, domain):
    """Of FOOD for FOODS no rule would ever speak: the refusal lists the codes that there are."""
    refused = refusal(data(domain))

    assert refused.cause is e.Cause.UNKNOWN_DOMAIN
    assert repr(domain) in refused.detail
    assert all(code in refused.detail for code in b.expertise().knowledge.domains)


@pytest.mark.parametrize(
    ("type_", "field", "value"),
    [
        pytest.param("penalty.decided.v1", "domain", "FOODS\n", id="a domain"),
        pytest.param("penalty.decided.v1", "place", "410422\n", id="a place"),
        pytest.param("penalty.decided.v1", "registrar_region", "410422\n", id="a region"),
        pytest.param("registration.established.v1", "industry", "F5212\n", id="an industry"),
        pytest.param("registration.established.v1", "currency", "CNY\n", id="a currency"),
        pytest.param("classification.monthly.v1", "period", "2026-02\n", id="a month"),
        pytest.param("utility.usage.v1", "period", "2026-02\n", id="a period"),
    ],
)
def test_a_line_feed_at_the_end_is_no_part_of_a_code(type_, field, value):
    """A code with a last line feed is another code, and nobody's."""
    payloads = {
        "penalty.decided.v1": b.penalty(),
        "registration.established.v1": b.founded(),
        "classification.monthly.v1": FEBRUARY,
        "utility.usage.v1": e.UtilityUsage(meter="M", period="2026-02", usage=1.0),
    }
    data = payloads[type_]
    values = {name: getattr(data, name) for name in data.__struct_fields__} | {field: value}
    raw = e.encode(b.event(type(data)(**values)))

    with pytest.raises(e.InvalidEventError, match=field) as refused:
        e.decode(raw)

    assert refused.value.cause is e.Cause.INVALID


@pytest.mark.parametrize(
    "signal",
    [
        pytest.param(e.DeadlineFellDue(due=b.at(0)), id="T01 would move what has been judged"),
        pytest.param(TROUBLE, id="T02 would add points"),
        pytest.param(DENSITY, id="T03 would add points"),
    ],
)
@pytest.mark.parametrize("source", ["urn:anybody", b.SOURCE, b.PROVINCE, "urn:sanzao"])
def test_a_signal_from_anybody_else_is_refused(signal, source):
    """What sanzao makes itself is taken from nobody else, and from its own maker it is."""
    refused = refusal(signal, source=source)
    own = b.Enterprise().has(signal)

    assert refused.cause is e.Cause.FOREIGN_SOURCE
    assert MAKERS[type(signal)] in refused.detail
    assert own is not None


def test_every_signal_has_its_maker():
    """A new signal without one would be refused from everybody, or taken from anybody."""
    assert set(MAKERS) == e.SIGNALS


@pytest.mark.parametrize("data", [FEBRUARY, b.corrected(FEBRUARY, "first")], ids=["ADD", "UPDATE"])
def test_an_official_class_from_anybody_else_is_refused(data):
    """It stands for good, so only who is named in the knowledge may tell it, or correct it."""
    refused = refusal(data, source="urn:anybody")

    assert refused.cause is e.Cause.FOREIGN_SOURCE
    assert "class_sources" in refused.detail


@pytest.mark.parametrize("period", ["2026-03", "2026-04", "2031-12"])
def test_an_official_class_of_a_month_under_way_is_refused(period):
    """A class for good is told of a month that has ended, in China, when the record is received."""
    refused = refusal(e.ClassOfMonth(period=period, risk_class="D"))

    assert refused.cause is e.Cause.FUTURE
    assert period in refused.detail


def test_a_month_has_ended_with_its_last_second_in_china():
    """On 1 April at 00:00 in China, in London still March, the class of March may be told."""
    april = b.days_until(4, 1)
    march = e.ClassOfMonth(period="2026-03", risk_class="C")

    effects = b.Enterprise().has(march, day=april)

    assert refusal(march, day=april - 1 / 86_400).cause is e.Cause.FUTURE
    assert [one.month for one in b.of_type(effects, Told)] == ["2026-03"]


def test_the_codes_of_the_domains_stand_in_the_documentation():
    """Whoever builds a source finds each code, with its name, in docs/events.md."""
    text = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")

    for code, name in b.expertise().knowledge.domains.items():
        assert f"`{code}` | {name}" in text
