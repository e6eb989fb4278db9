"""Is the official class what the facts were at the month's end, and nothing that came later?"""

import copy
import datetime as dt

import msgspec
import pytest

from detectors import events as e
from detectors.expertise import compiled
from detectors.knowledge_check import parse
from detectors.measure import RiskClass
from detectors.official import (
    Month,
    Source,
    Told,
    correction,
    differences,
    frozen_class,
    imported_class,
    provisional,
)
from detectors.sampling_plan import FILE, parse_sampling
from detectors.state import Learned
from detectors.warning import CHINA
from tests import builders as b

JUNE = Month.of("2026-06")
JULY = Month.of("2026-07")
START = dt.datetime(2026, 3, 2, 12, tzinfo=CHINA)


def day(text):
    """Return the day of a date, as the builders count."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=CHINA)
    return (moment - START) / dt.timedelta(days=1)


def class_of(enterprise, month=JUNE, plan=None):
    """Return the official class of an enterprise."""
    return frozen_class(b.USCC, enterprise.state, b.expertise(), plan or b.sampling_plan(), month)


def established(name="叶县样例", *, on="2016-01-01", industry="F5212"):
    """Return the registration of an enterprise."""
    return e.Established(
        name=name, established_on=dt.date.fromisoformat(on), industry=industry, place="410422001"
    )


def old_firm(industry="F5212"):
    """Return a firm that has been registered for ten years."""
    enterprise = b.Enterprise()
    enterprise.has(established(industry=industry), day=-3000)
    return enterprise


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "26-06", "2026-6", "2026-06-01", "1999-12", "2026/06"]
)
def test_what_is_no_month(text):
    """A month is written as 2026-06 and in no other way."""
    with pytest.raises(ValueError, match="is no month"):
        Month.of(text)


def test_december_ends_with_the_year():
    """The last instant of December is the last second of the year in China."""
    assert Month.of("2026-12").last_s + 1 == int(dt.datetime(2027, 1, 1, tzinfo=CHINA).timestamp())


def test_the_last_second_counts_and_the_next_does_not():
    """A listing in the month's last second is in; one second later it is in the next month."""
    within, after = old_firm(), old_firm()

    within.has(e.SeriousListChanged(list_code="L", action="add"), day=day("2026-06-30T23:59:59"))
    after.has(e.SeriousListChanged(list_code="L", action="add"), day=day("2026-07-01"))

    assert class_of(within).risk_class is RiskClass.D
    assert class_of(after).risk_class is RiskClass.A
    assert class_of(after, JULY).risk_class is RiskClass.D


def test_a_direct_rule_sets_the_class_and_is_named():
    """Case 9: hard D with a low score; the snapshot names the rule and its fact."""
    enterprise = old_firm()
    enterprise.has(e.JudicialRecord(case_no="C", action="add"), day=10)

    found = class_of(enterprise)

    assert found.risk_class is RiskClass.D
    assert found.score < 200
    assert "失信被执行人" in found.floor_cause


def test_a_class_that_the_score_alone_gives_names_no_direct_rule():
    """Where the score is in D by itself, the direct rule has not set the class."""
    enterprise = old_firm()
    for number in range(4):
        enterprise.has(b.penalty("severe", offence=f"O{number}"), day=day("2026-06-20") + number)
    enterprise.has(e.AbnormalAdded(reason=4), day=day("2026-06-24"))
    enterprise.has(e.JudicialRecord(case_no="C", action="add"), day=day("2026-06-25"))

    found = class_of(enterprise)

    assert found.score > 750
    assert (found.risk_class, found.floor_cause) == (RiskClass.D, "")


def test_of_two_direct_rules_the_graver_sets_the_class():
    """A rule that forces C does not hide one that forces D, whichever stands first."""
    documents = copy.deepcopy(b.documents())
    hard = [one for one in documents["indicators.yaml"] if one["severity"]["function"] == "HARD"]
    hard[0]["severity"]["floor"] = "C"
    knowing = compiled(parse(documents))
    enterprise = b.Enterprise(knowing)
    enterprise.has(established(), day=-3000)
    enterprise.has(e.SeriousListChanged(list_code="L", action="add"), day=10)
    enterprise.has(e.JudicialRecord(case_no="C", action="add"), day=10)

    found = frozen_class(b.USCC, enterprise.state, knowing, b.sampling_plan(), JUNE)

    assert found.risk_class is RiskClass.D
    (graver,) = [one["name"] for one in hard[1:] if one["name"] in found.floor_cause]
    assert hard[0]["name"] not in found.floor_cause
    assert graver


def test_the_record_says_what_it_rests_on():
    """Month, catalogue, place, trade, domain and ratio stand on the record."""
    found = class_of(old_firm())

    assert (found.month, found.source, found.catalogue_version) == (
        "2026-06", Source.FROZEN, b.expertise().knowledge.version,
    )  # fmt: skip
    assert (found.place, found.industry, found.name) == ("410422001", "F5212", "叶县样例")
    assert (found.domain, found.ratio) == ("FOODS", 1.0)  # never inspected in ten years
    assert [draw.domain for draw in found.draws] == ["FOODS", "PUB"]
    assert found.draws[1].ratio == 0.01


def test_bands_have_no_hysteresis():
    """The official class is the band of the score; the live one may wait to get better."""
    enterprise = old_firm("K7010")
    penalty = b.penalty("severe", publication_end=dt.date(2026, 6, 30))
    enterprise.has(penalty, day=day("2026-06-01"))
    enterprise.has(b.inspection("passed"), day=day("2026-07-01T00:30:00"))

    assert enterprise.state.rule.risk_class is RiskClass.C
    assert class_of(enterprise).risk_class is RiskClass.C
    assert class_of(enterprise, JULY).risk_class is RiskClass.A


def test_what_happened_later_leaves_the_month_alone():
    """A removal, a move and a new name of July change nothing in June."""
    enterprise = old_firm()
    enterprise.has(e.AbnormalAdded(reason=4), day=day("2026-06-10"))
    before = class_of(enterprise)

    enterprise.has(e.AbnormalRemoved(reason=4), day=day("2026-07-05"))
    enterprise.has(e.AddressChanged(new_region="410423"), day=day("2026-07-06"))
    enterprise.has(e.BasicChanged(field="name", after="新名"), day=day("2026-07-07"))
    enterprise.has(e.BasicChanged(field="industry", after="K7010"), day=day("2026-07-08"))

    assert class_of(enterprise) == before
    later = class_of(enterprise, JULY)
    assert (later.place, later.name, later.industry) == ("410423", "新名", "K7010")


def test_who_the_enterprise_was_that_month():
    """A move, a new name and a new trade of June are in June, though July changed them again."""
    enterprise = old_firm()
    for date, name, place, trade in (
        ("2026-06-10", "六月", "410423", "H6210"), ("2026-07-10", "七月", "410402", "K7010"),
    ):  # fmt: skip
        enterprise.has(e.BasicChanged(field="name", after=name), day=day(date))
        enterprise.has(e.AddressChanged(new_region=place), day=day(date))
        enterprise.has(e.BasicChanged(field="industry", after=trade), day=day(date))

    found = class_of(enterprise)

    assert (found.name, found.place, found.industry) == ("六月", "410423", "H6210")
    assert found.domain == "CATER"


def test_one_whose_registration_never_came():
    """Without a register the earliest fact says since when an enterprise is known."""
    known, unknown = b.Enterprise(), b.Enterprise()
    known.has(b.inspection("passed"), day=day("2026-06-20"))
    known.has(b.inspection("passed"), day=day("2026-07-20"))
    unknown.has(b.inspection("passed"), day=day("2026-07-20"))

    assert class_of(known).risk_class is RiskClass.A
    assert class_of(unknown) is None
    assert class_of(b.Enterprise()) is None


def test_who_has_left_the_register_has_no_class():
    """A firm deregistered in June is in May and no longer in June."""
    enterprise = old_firm()
    enterprise.has(e.Deregistration(kind="simple", stage="completed"), day=day("2026-06-15"))

    assert class_of(enterprise, Month.of("2026-05")).risk_class is RiskClass.A
    assert class_of(enterprise) is None


def test_a_month_is_decided_by_the_catalogue_of_its_time():
    """Case 22: a catalogue that came into force in July leaves June to the one before it."""
    knowledge = b.expertise().knowledge
    dearer = msgspec.structs.replace(
        knowledge,
        version="2026.7",
        effective_from=dt.date(2026, 7, 1),
        scoring=msgspec.structs.replace(
            knowledge.scoring, bands=msgspec.structs.replace(knowledge.scoring.bands, b=10)
        ),
    )
    knowing = compiled(dearer, earlier=b.expertise())
    enterprise = old_firm("K7010")
    enterprise.has(b.penalty("minor", publication_end=dt.date(2029, 1, 1)), day=day("2026-06-20"))

    june, july = (
        frozen_class(b.USCC, enterprise.state, knowing, b.sampling_plan(), one)
        for one in (JUNE, JULY)
    )

    assert (june.catalogue_version, june.risk_class) == (knowledge.version, RiskClass.A)
    assert (july.catalogue_version, july.risk_class) == ("2026.7", RiskClass.B)


def test_a_firm_of_july_is_not_in_june():
    """Nobody is classified for a month in which he was not there."""
    enterprise = b.Enterprise()
    enterprise.has(established(on="2026-07-02"), day=day("2026-07-02"))

    assert class_of(enterprise) is None
    assert class_of(enterprise, JULY).risk_class is RiskClass.A


def test_a_late_event_is_a_correction_and_no_new_class():
    """Case 7: an event 45 days late leaves the month as it was; what it would have been is told."""
    enterprise = old_firm()
    enterprise.has(b.inspection("passed", domain="FOODS"), day=day("2026-06-20"))
    official = class_of(enterprise)

    enterprise.has(b.inspection("passed", domain="FOODS"), day=day("2026-08-01"))
    enterprise.has(b.penalty("severe"), day=day("2026-06-17"))  # arrives on 2026-08-01
    found = correction(official, class_of(enterprise))

    assert official.risk_class is RiskClass.A
    assert found is not None
    assert (found.official_class, found.would_be_class) == (RiskClass.A, RiskClass.C)
    assert found.month == "2026-06"


def test_a_correction_is_told_once():
    """The same finding has the same id; another has another."""
    enterprise = old_firm()
    official = class_of(enterprise)
    enterprise.has(b.penalty("severe"), day=day("2026-06-17"))
    first = correction(official, class_of(enterprise))
    again = correction(official, class_of(enterprise))
    enterprise.has(b.penalty("general", offence="O"), day=day("2026-06-18"))
    other = correction(official, class_of(enterprise))

    assert first.id == again.id != other.id


def test_nothing_late_is_no_correction():
    """What has not changed is not corrected."""
    enterprise = old_firm()

    assert correction(class_of(enterprise), class_of(enterprise)) is None


def test_a_failed_inspection_comes_back_into_the_next_month():
    """E29 closes the loop: live at once, in the next snapshot, and never in the last."""
    enterprise = old_firm("K7010")
    june = class_of(enterprise)
    before = enterprise.state.rule.score

    enterprise.has(b.inspection("failed", domain="QUAL"), day=day("2026-07-10"))
    enterprise.has(b.inspection("refused", domain="QUAL"), day=day("2026-07-11"))
    july = class_of(enterprise, JULY)

    assert enterprise.state.rule.score > before
    assert class_of(enterprise).score == june.score
    assert july.score > june.score
    (drawn,) = [draw for draw in july.draws if draw.domain == "QUAL"]
    assert drawn.last_inspected == dt.date(2026, 7, 11)


def with_model(enterprise, probability):
    """Let a model have spoken."""
    learned = Learned(probability, "m1", enterprise.state.rule)
    enterprise.state = msgspec.structs.replace(enterprise.state, learned=learned)
    return enterprise


def including_the_model():
    """Return a plan that lets the model's part into the official class."""
    documents = copy.deepcopy(b.documents())
    documents[FILE]["include_learned"] = True
    return parse_sampling(documents, domains=b.expertise().knowledge.domains)


def test_the_model_has_no_part_in_the_official_class():
    """Whatever the model says, the official class stands on the facts; unless it is configured."""
    enterprise = old_firm("K7010")
    enterprise.has(b.penalty("general", publication_end=dt.date(2028, 1, 1)), day=100)
    alone = class_of(enterprise)
    told = with_model(enterprise, 0.9)

    assert class_of(told).score == alone.score
    assert class_of(told, plan=including_the_model()).score > alone.score


def test_what_the_model_said_later_stays_out():
    """Even where it is configured, nothing that was said after the month goes into it."""
    enterprise = old_firm("K7010")
    enterprise.has(b.inspection("passed"), day=day("2026-07-05"))
    told = with_model(enterprise, 0.9)

    assert class_of(told, plan=including_the_model()).score == class_of(enterprise).score


def test_an_imported_class_wins_and_sets_the_ratio():
    """The province's class is the official one, marked so, with the ratio that follows from it."""
    enterprise = old_firm("K7010")
    told = Told(uscc=b.USCC, month="2026-06", risk_class=RiskClass.C, score=600, version="省2.0")

    found = imported_class(told, enterprise.state, b.sampling_plan(), JUNE)

    assert (found.risk_class, found.source, found.score) == (RiskClass.C, Source.IMPORTED, 600)
    assert (found.ratio, found.catalogue_version) == (0.10, "省2.0")
    assert (found.place, found.name) == ("410422001", "叶县样例")


def test_an_imported_stranger_keeps_its_class():
    """Whom we have never heard of is in the official month all the same."""
    told = Told(uscc=b.USCC, month="2026-06", risk_class=RiskClass.D)

    found = imported_class(told, None, b.sampling_plan(), JUNE)

    assert (found.risk_class, found.ratio, found.domain) == (RiskClass.D, 0.30, "PUB")
    assert (found.name, found.place, found.score) == (b.USCC, "", None)


def test_our_own_stands_beside_the_imported():
    """The list of differences names who differs, and who is on one side alone."""
    enterprise = old_firm("K7010")
    mine = class_of(enterprise)
    told = Told(uscc=b.USCC, month="2026-06", risk_class=RiskClass.B)
    theirs = imported_class(told, enterprise.state, b.sampling_plan(), JUNE)
    alone = msgspec.structs.replace(theirs, uscc="9", risk_class=RiskClass.A)

    found = list(differences({b.USCC: mine, "1": mine}, {b.USCC: theirs, "9": alone}))

    assert [(one.uscc, one.own_class, one.official_class) for one in found] == [
        ("1", RiskClass.A, None),
        ("9", None, RiskClass.A),
        (b.USCC, RiskClass.A, RiskClass.B),
    ]
    same = msgspec.structs.replace(theirs, risk_class=RiskClass.A)
    assert list(differences({b.USCC: mine}, {b.USCC: same})) == []


def shown(enterprise, official):
    """Return what the live card says of direct rules."""
    return provisional(
        b.expertise().catalogue,
        enterprise.state.profile,
        enterprise.state.facts,
        official=official,
        as_of=enterprise.state.as_of,
    )


def test_a_direct_rule_in_mid_month_is_provisional():
    """The live card says 暂定D级 with its cause while the official class stays what it is."""
    enterprise = old_firm()
    enterprise.has(e.SeriousListChanged(list_code="L", action="add"), day=day("2026-07-12"))

    found = shown(enterprise, RiskClass.A)

    assert found.risk_class is RiskClass.D
    assert found.text.startswith("暂定D级：")
    assert "2026-07-12列入严重违法失信名单" in found.text
    assert found.since == b.on(day("2026-07-12"))


def test_nothing_is_provisional_once_it_is_official():
    """Once the month has taken it in, or the listing has ended, nothing is provisional."""
    enterprise = old_firm()
    assert shown(enterprise, RiskClass.A) is None
    enterprise.has(e.SeriousListChanged(list_code="L", action="add"), day=100)
    assert shown(enterprise, RiskClass.D) is None
    assert shown(enterprise, None) is not None

    enterprise.has(e.SeriousListChanged(list_code="L", action="remove"), day=101)

    assert shown(enterprise, RiskClass.A) is None
