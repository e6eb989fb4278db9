"""Does a knowledge with a hole stay out, and say where the hole is?"""

import copy

import pytest

from detectors.functions import InvalidKnowledgeError
from detectors.knowledge import Dimension
from detectors.knowledge_check import parse
from tests import builders as b


def changed(file, /, *path, **changes):
    """Return the shipped documents with keys set under a path; ``None`` removes a key."""
    documents = copy.deepcopy(b.documents())
    part = documents[file]
    for step in path:
        part = part[step]
    for key, value in changes.items():
        if value is None:
            del part[key]
        else:
            part[key] = value
    return documents


def row(file, identity):
    """Return the place of a line of a document."""
    return next(n for n, one in enumerate(b.documents()[file]) if one["id"] == identity)


def indicator(identity, *path, **changes):
    """Return the shipped documents with an indicator changed."""
    return changed("indicators.yaml", row("indicators.yaml", identity), *path, **changes)


def rule(identity, *path, **changes):
    """Return the shipped documents with a rule changed."""
    return changed("rules.yaml", row("rules.yaml", identity), *path, **changes)


def without(file):
    """Return the shipped documents but for one."""
    return {name: one for name, one in b.documents().items() if name != file}


def twice(file, identity):
    """Return the shipped documents with one line standing twice."""
    documents = copy.deepcopy(b.documents())
    documents[file].append(documents[file][row(file, identity)])
    return documents


def without_dimension(dimension):
    """Return the shipped documents without the indicators of one dimension."""
    documents = copy.deepcopy(b.documents())
    documents["indicators.yaml"] = [
        one for one in documents["indicators.yaml"] if one["dimension"] != dimension
    ]
    return documents


def reversed_tiers(identity):
    """Return the shipped documents with the tiers of a rule mildest first."""
    tiers = b.documents()["rules.yaml"][row("rules.yaml", identity)]["tiers"]
    return rule(identity, tiers=list(reversed(tiers)))


def overlay(file, /, *path, **changes):
    """Return the shipped documents with a professional catalogue changed."""
    return changed(f"professional/{file}.yaml", *path, **changes)


def new_overlay(**changes):
    """Return the shipped documents with one more professional catalogue."""
    line = {**b.documents()["indicators.yaml"][row("indicators.yaml", "S15")], "why": "重"}
    document = {"name": "toys", "label": "玩具", "domains": ["CERT"], "indicators": [line]}
    return {**b.documents(), "professional/toys.yaml": document | changes}


def overlaid(identity):
    """Return the shipped documents with a professional line for an indicator."""
    line = {**b.documents()["indicators.yaml"][row("indicators.yaml", identity)], "why": "重"}
    return new_overlay(indicators=[line])


def tangled(count):
    """Return the shipped documents with so many indicators that hang together by their groups."""
    documents = copy.deepcopy(b.documents())
    for n, one in enumerate(documents["indicators.yaml"][:count]):
        one["groups"] = [f"g{n}", f"g{n + 1}"]
    return documents


def scoring(**changes):
    """Return the shipped documents with the scoring changed."""
    return changed("knowledge.yaml", "scoring", **changes)


def tier(number, **changes):
    """Return the shipped documents with a tier of fines changed."""
    return changed("weights.yaml", "general_penalty", number, **changes)


def never_ending():
    """Return the shipped documents with a publication that nothing ends."""
    documents = copy.deepcopy(b.documents())
    documents["repair.yaml"]["regimes"][0]["publication_months"]["severe"] = None
    return documents


def bands(**changes):
    """Return the shipped documents with the bands changed."""
    return changed("knowledge.yaml", "scoring", "bands", **changes)


def test_the_shipped_knowledge_loads():
    """What we ship has no hole, speaks of all five dimensions and names every rule's basis."""
    knowledge = parse(b.documents())

    assert {one.dimension for one in knowledge.indicators} == set(Dimension)
    assert all(one.basis and one.advice and one.matter for one in knowledge.rules)


@pytest.mark.parametrize(
    ("documents", "file", "told"),
    [
        pytest.param(without("knowledge.yaml"), "knowledge.yaml", "is missing", id="no head"),
        pytest.param(without("rules.yaml"), "rules.yaml", "is missing", id="no rules"),
        pytest.param(without("indicators.yaml"), "indicators.yaml", "is missing",
                     id="no indicators"),
        pytest.param(bands(c=200), "knowledge.yaml", "scoring.bands", id="an empty band"),
        pytest.param(bands(b=600), "knowledge.yaml", "scoring.bands", id="bands that overlap"),
        pytest.param(bands(b=0), "knowledge.yaml", "scoring.bands", id="no class A"),
        pytest.param(bands(d=1000), "knowledge.yaml", "scoring.bands", id="no room for D"),
        pytest.param(bands(c=None), "knowledge.yaml", "`c`", id="no class C"),
        pytest.param(scoring(learned_points=600), "knowledge.yaml", "scoring.learned_points",
                     id="a model that lifts by two classes"),
        pytest.param(scoring(learned_points=-10), "knowledge.yaml", "scoring.learned_points",
                     id="a model that makes it better"),
        pytest.param(scoring(better_below_band=-1), "knowledge.yaml", "scoring.better_below_band",
                     id="a margin above the band"),
        pytest.param(scoring(better_below_band=200), "knowledge.yaml",
                     r"scoring\.better_below_band: 200 .*nobody could come back to A",
                     id="a margin as wide as class A"),
        pytest.param(scoring(better_after_hours=-1), "knowledge.yaml", "scoring.better_after_hours",
                     id="better before it happened"),
        pytest.param(scoring(positive_cap=-80), "knowledge.yaml", "scoring.positive_cap",
                     id="good news that counts as bad"),
        pytest.param(scoring(provisional_weight=1.5), "knowledge.yaml",
                     "scoring.provisional_weight", id="half a weight above one"),
        pytest.param(changed("repair.yaml", "retest_windows", drug_sample_failed=None),
                     "repair.yaml", "drug_sample_failed", id="a sample provisional for ever"),
        pytest.param(changed("repair.yaml", "regimes", 0, "publication_months", severe="null"),
                     "repair.yaml", "severe", id="a publication of no number"),
        pytest.param(never_ending(), "repair.yaml", "null is no end",
                     id="a publication without end"),
        pytest.param(changed("repair.yaml", "retest_windows", permit="3日"), "repair.yaml",
                     "permit", id="a re-test of what is no sample"),
        pytest.param(changed("repair.yaml", "retest_windows", food_sample_failed="一周"),
                     "repair.yaml", "food_sample_failed", id="a window nobody can count"),
        pytest.param(indicator("B03", "severity", unless={"unreachable": ["resting"]}),
                     "indicators.yaml", "resting", id="an excuse that is no fact"),
        pytest.param(indicator("D01", "severity", unless=["gone"]), "indicators.yaml", "gone",
                     id="nobody to file, by a misspelt kind"),
        pytest.param(without("organs.yaml"), "organs.yaml", "is missing", id="no organs"),
        pytest.param(changed("organs.yaml", aliases={"甲局": "乙工商局"}), "organs.yaml",
                     "乙市场监督管理局", id="a name that leads to another name"),
        pytest.param(changed("organs.yaml", aliases={"甲局": "甲局"}), "organs.yaml", "itself",
                     id="a name for itself"),
        pytest.param(changed("organs.yaml", aliases={"甲 局": "乙局"}), "organs.yaml",
                     "never be met", id="a name with a space"),
        pytest.param(changed("organs.yaml", below=[]), "organs.yaml", "below",
                     id="no places to shorten before"),
        pytest.param(without("weights.yaml"), "weights.yaml", "is missing", id="no weights"),
        pytest.param(tier(0, **{"from": 500}), "weights.yaml", "under 500 has no weight",
                     id="the smallest fine has no weight"),
        pytest.param(tier(1, **{"from": 20000}), "weights.yaml", "10000 to 20000 has no weight",
                     id="a gap between two tiers"),
        pytest.param(tier(1, **{"from": 5000}), "weights.yaml", "5000 to 10000 has two weights",
                     id="tiers that overlap"),
        pytest.param(tier(2, under=1e6), "weights.yaml", "has no weight; under: null ends",
                     id="the largest fine has no weight"),
        pytest.param(tier(0, under="null"), "weights.yaml", "under", id="no end of a tier"),
        pytest.param(tier(1, weight=0.5), "weights.yaml", "must not weigh less",
                     id="a larger fine that weighs less"),
        pytest.param(tier(1, weight=1.5), "weights.yaml", "weight", id="a weight above one"),
        pytest.param(tier(1, under=9000), "weights.yaml", "holds no amount", id="an empty tier"),
        pytest.param(changed("knowledge.yaml", verson="1"), "knowledge.yaml", "verson",
                     id="a misspelt key of the head"),
        pytest.param(changed("knowledge.yaml", effective_from="soon"), "knowledge.yaml",
                     "effective_from", id="no date"),
        pytest.param(indicator("S08", facts=["penalty"]), "indicators.yaml",
                     r"S08\.facts.*'penalty' is no fact kind.*penalty_general",
                     id="an unknown fact kind of an indicator"),
        pytest.param(indicator("S08", facts=[]), "indicators.yaml", "facts",
                     id="an indicator without facts"),
        pytest.param(indicator("S01", domain="PUBL"), "indicators.yaml",
                     r"S01\.domain.*'PUBL'", id="an unknown domain of an indicator"),
        pytest.param(indicator("S01", dimension="SUPER"), "indicators.yaml", "dimension",
                     id="an unknown dimension"),
        pytest.param(indicator("S01", punkte=3), "indicators.yaml", "punkte",
                     id="a misspelt key of an indicator"),
        pytest.param(indicator("S01", points=1001), "indicators.yaml", "points",
                     id="points off the scale"),
        pytest.param(indicator("S01", id="X01"), "indicators.yaml", "id",
                     id="an id of another kind"),
        pytest.param(indicator("S14", "severity", function="FADE"), "indicators.yaml",
                     "severity", id="an unknown function"),
        pytest.param(indicator("S14", "severity", half_life_days=0), "indicators.yaml",
                     "half_life_days", id="a half-life of nothing"),
        pytest.param(indicator("S14", "severity", half_live_days=9), "indicators.yaml",
                     "half_live_days", id="a misspelt key of a function"),
        pytest.param(indicator("S10", "severity", steps={2: 1.5}), "indicators.yaml", "steps",
                     id="a severity above one"),
        pytest.param(indicator("S10", "severity", steps={2: 1.0, 3: 0.5}), "indicators.yaml",
                     r"S10\.severity\.steps", id="more penalties that weigh less"),
        pytest.param(indicator("D15", "severity", steps={90: 1.0, 0: 0.0}), "indicators.yaml",
                     r"D15\.severity\.steps: fewer days left", id="a countdown turned round"),
        pytest.param(indicator("D15", "severity", steps={}), "indicators.yaml",
                     r"D15: .*length >= 1.*severity\.steps", id="steps that lead nowhere"),
        pytest.param(indicator("S08", points="many"), "indicators.yaml",
                     r"S08: Expected `int`.*points", id="a mistake of type, by the line's id"),
        pytest.param(overlay("food", "indicators", 0, points="many"), "professional/food.yaml",
                     r"S08: Expected `int`.*points", id="a mistake of type in an overlay"),
        pytest.param(indicator("D15", facts=["penalty_minor"]), "indicators.yaml", r"D15\.facts",
                     id="a countdown over facts that are never due"),
        pytest.param(twice("indicators.yaml", "S01"), "indicators.yaml", "S01.*stands twice",
                     id="an indicator twice"),
        pytest.param(without_dimension("REL"), "indicators.yaml", "dimension REL",
                     id="a dimension without indicator"),
        pytest.param(twice("rules.yaml", "W03"), "rules.yaml", "W03.*stands twice",
                     id="a rule twice"),
        pytest.param(rule("W03", domain="PUBL"), "rules.yaml", r"W03\.domain.*'PUBL'",
                     id="an unknown domain of a rule"),
        pytest.param(rule("W13", "tiers", 0, "when", domains=["FOOD"]), "rules.yaml",
                     r"W13\.tiers\.inspection.*'FOOD'", id="an unknown domain of a tier"),
        pytest.param(rule("W10", "tiers", 0, "when", facts=["lift_failed"]), "rules.yaml",
                     r"W10\.tiers\.inspection\.facts.*'lift_failed' is no fact kind",
                     id="an unknown fact kind of a rule"),
        pytest.param(rule("W06", "tiers", 1, "when", facts=["permits"]), "rules.yaml",
                     r"W06\.tiers\.warning\.facts.*'permits'", id="an unknown kind that falls due"),
        pytest.param(rule("W10", "tiers", 0, "when", facts=[]), "rules.yaml", "facts",
                     id="a rule that can never fire"),
        pytest.param(reversed_tiers("W03"), "rules.yaml", r"W03\.tiers: must stand gravest first",
                     id="tiers mildest first"),
        pytest.param(rule("W03", tiers=[]), "rules.yaml", "tiers", id="a rule without tiers"),
        pytest.param(rule("W03", "tiers", 0, measure="arrest"), "rules.yaml", "measure",
                     id="a fifth measure"),
        pytest.param(rule("W15", "tiers", 0, "when", indicator="S01"), "rules.yaml",
                     r"W15\.tiers\.interview\.indicator: 'S01' is no indicator that collects",
                     id="a surge of something else"),
        pytest.param(rule("W15", "tiers", 0, "when", indicator="C99"), "rules.yaml",
                     r"W15\.tiers\.interview\.indicator: 'C99' is no indicator that collects",
                     id="a surge of nothing"),
        pytest.param(overlaid("C05"), "rules.yaml",
                     r"W16\.tiers\.inspection\.indicator: C05 has a line in professional/toys",
                     id="a rule on an indicator that is overlaid"),
        pytest.param(rule("W03", basis=""), "rules.yaml", "basis", id="no legal basis"),
        pytest.param(rule("W03", matter="很长" * 11), "rules.yaml", "matter",
                     id="a matter too long to read on a phone"),
        pytest.param(indicator("S01", lead=" "), "indicators.yaml", r"S01\.lead: must say",
                     id="nobody leads"),
        pytest.param(indicator("S01", basis=""), "indicators.yaml", r"S01\.basis: must say",
                     id="neither law nor proposal"),
        pytest.param(indicator("S01", events=["E61"]), "indicators.yaml",
                     r"S01\.events: 'E61' is no event", id="an event that is none"),
        pytest.param(indicator("S01", groups=["abnormall"]), "indicators.yaml",
                     r"S01\.groups: 'abnormall' has no other member", id="a group of one"),
        pytest.param(tangled(11), "indicators.yaml", r"groups: g0, .* share indicators and hold 11",
                     id="too many groups that hang together"),
        pytest.param(indicator("S37", of=["COMPETE"]), "indicators.yaml",
                     r"S37\.of: 'COMPETE' is not under domains", id="an unknown domain of facts"),
        pytest.param(indicator("D01", "severity", filed=["report"]), "indicators.yaml",
                     r"D01\.severity\.filed: 'report'", id="an unknown kind that is filed"),
        pytest.param(indicator("D16", "severity", others=["power"]), "indicators.yaml",
                     r"D16\.severity\.others: 'power'", id="an unknown kind beside"),
        pytest.param(indicator("B08", "severity", unless=["licence"]), "indicators.yaml",
                     r"B08\.severity\.unless: 'licence'", id="an unknown kind that meets"),
        pytest.param(indicator("S02", "severity", unless=["resting"]), "indicators.yaml",
                     r"S02\.severity\.unless: 'resting'", id="an unknown kind that excuses"),
        pytest.param(indicator("S16", facts=["penalty_minor"]), "indicators.yaml", r"S16\.facts",
                     id="overdue facts that are never due"),
        pytest.param(indicator("S03", "severity", times={}), "indicators.yaml",
                     r"S03\.severity: again and times", id="again without times"),
        pytest.param(indicator("S03", "severity", times={2: 0.9, 3: 0.1}), "indicators.yaml",
                     r"S03\.severity\.steps: more", id="more times that weigh less"),
        pytest.param(indicator("C05", "severity", signs=["closed"]), "indicators.yaml",
                     r"C05\.severity\.signs: 'closed'", id="an unknown sign"),
        pytest.param(indicator("C05", "severity", fled=["left"]), "indicators.yaml",
                     r"C05\.severity\.fled: 'left'", id="an unknown kind that fled"),
        pytest.param(indicator("B02", "severity", levels={"Z1": 0.5}), "indicators.yaml",
                     r"B02\.severity\.levels: 'Z1' is no industry", id="no such industry"),
        pytest.param(indicator("B03", "severity", floors={"R89301": "C"}), "indicators.yaml",
                     r"B03\.severity\.floors: 'R89301'", id="an industry of five digits"),
        pytest.param(indicator("B04", "severity", ranges={"": [9.0, 1.0]}), "indicators.yaml",
                     r"B04\.severity\.ranges\.: low must lie below high", id="an empty range"),
        pytest.param(overlay("food", domains=["FOOD"]), "professional/food.yaml",
                     r"domains: 'FOOD' is not under domains", id="an overlay of no domain"),
        pytest.param(new_overlay(domains=["SE"]), "professional/toys.yaml",
                     "domains: SE belongs to special_equipment too", id="overlays that overlap"),
        pytest.param(overlay("food", name="foods"), "professional/food.yaml",
                     "name: 'foods' must be the file's own", id="an overlay of another name"),
        pytest.param(overlay("food", "indicators", 0, why=""), "professional/food.yaml",
                     r"\[0\] S08\.why: a professional line must give its reason",
                     id="a professional line without reason"),
        pytest.param(overlay("food", "indicators", 0, facts=["fine"]), "professional/food.yaml",
                     r"S08\.facts: 'fine' is no fact kind", id="an unknown kind of an overlay"),
        pytest.param(overlay("food", labl="食品"), "professional/food.yaml", "labl",
                     id="a misspelt key of an overlay"),
        pytest.param(rule("W20", basis="proposal"), "rules.yaml",
                     r"W20\.basis: 'proposal' is no law; an interview",
                     id="an interview by no law"),
        pytest.param(rule("W26", basis="保障安全"), "rules.yaml",
                     r"W26\.basis: '保障安全' is no law; an inspection",
                     id="an inspection by no law"),
        pytest.param(rule("W25", basis="proposal", tiers=[{"measure": "warning", "when": {
                     "test": "worsened", "bands": 1}}], again_within_days=90), "rules.yaml",
                     r"W25\.basis: 'proposal' is no law; an interview",
                     id="a repetition by no law"),
        pytest.param(rule("W10", again_within_days=90), "rules.yaml",
                     r"W10\.again_within_days: no tier is a warning",
                     id="a repetition of what is never a warning"),
        pytest.param(rule("W20", advice=" "), "rules.yaml", r"W20\.advice: must say",
                     id="no advice"),
        pytest.param(rule("W20", advice_at={"warning": " "}), "rules.yaml",
                     r"W20\.advice_at\.warning: must say", id="no advice for a measure"),
        pytest.param(rule("W20", matter_at={"inspection": "冻结"}), "rules.yaml",
                     r"W20\.matter_at: inspection is no measure of this rule",
                     id="words for a measure that is never taken"),
        pytest.param(rule("W26", basis_of={"crane": "第七十条"}), "rules.yaml",
                     r"W26\.basis_of: 'crane' is neither a fact kind nor a domain",
                     id="the basis of an unknown kind"),
        pytest.param(rule("W26", basis_of={"police_transfer": "移送"}), "rules.yaml",
                     r"W26\.basis_of\.police_transfer: '移送' is no law",
                     id="a kind's basis that is no law"),
        pytest.param(rule("W02", unless=["gone"]), "rules.yaml", r"W02\.unless: 'gone'",
                     id="an unknown kind that silences a rule"),
        pytest.param(rule("W03", "tiers", 0, unless=["resting"]), "rules.yaml",
                     r"W03\.tiers\.interview\.unless: 'resting'",
                     id="an unknown kind that silences a tier"),
        pytest.param(rule("W06", "tiers", 3, "when", domains=["QUALITY"]), "rules.yaml",
                     r"W06\.tiers\.reminder\.domains: 'QUALITY'", id="a moment of no domain"),
        pytest.param(rule("W06", "tiers", 0, "when", facts=["penalty_minor"]), "rules.yaml",
                     r"W06\.tiers\.interview\.facts: 'penalty_minor' never falls due",
                     id="a moment that never comes"),
        pytest.param(rule("W18", "tiers", 0, "when", beside=["case"]), "rules.yaml",
                     r"W18\.tiers\.inspection\.beside: 'case'", id="an unknown kind beside a rule"),
        pytest.param(rule("W01", "tiers", 0, "when", facts=["report"]), "rules.yaml",
                     r"W01\.tiers\.reminder\.facts: 'report'", id="an unknown report"),
        pytest.param(rule("W02", settled_by=["listed"]), "rules.yaml", r"W02\.settled_by: 'listed'",
                     id="settled by no fact"),
        pytest.param(rule("W03", advise="…"), "rules.yaml", "advise",
                     id="a misspelt key of a rule"),
    ],
)  # fmt: skip
def test_a_hole_does_not_load(documents, file, told):
    """Each kind of hole is refused with the file, the key, and what would be right."""
    with pytest.raises(InvalidKnowledgeError, match=told) as refusal:
        parse(documents)

    assert file in str(refusal.value)


def test_all_holes_are_told_at_once():
    """An analyst sees every hole of a version in one message."""
    documents = bands(c=200)
    documents["rules.yaml"][0]["domain"] = "PUBL"
    documents["indicators.yaml"][0]["facts"] = ["founded"]

    with pytest.raises(InvalidKnowledgeError) as refusal:
        parse(documents)

    for told in ("knowledge.yaml: scoring.bands", "rules.yaml: [0]", "indicators.yaml: [0]"):
        assert told in str(refusal.value)


def test_parsing_leaves_the_documents_alone():
    """The same documents parse twice to the same knowledge."""
    before = copy.deepcopy(b.documents())

    assert parse(b.documents()) == parse(before)
    assert b.documents() == before
