"""A configuration through which a warning could fall is found before it loads."""

import copy
from pathlib import Path

import pytest
import yaml

from alerts.authority import Tier, parse_authorities
from alerts.coverage import find_holes, unverified, vacancies

DOMAINS = tuple(
    yaml.safe_load(
        (Path(__file__).parents[3] / "config/knowledge/knowledge.yaml").read_text("utf-8")
    )["domains"]
)
TOWNSHIPS = [1, 2, 3, 101, 102, 103, 105, 106, 107, 108, 109, 110, 201, 203, 204, 207, 208, 210]
STATIONS = [f"410422{township:03}" for township in TOWNSHIPS]
REGIONS = ["410422", *STATIONS]


@pytest.fixture
def holes_after(authorities_document, ladder):
    """Return the holes of the shipped roster after it was changed."""

    def found(change):
        document = copy.deepcopy(authorities_document)
        change(document)
        tree = parse_authorities(document, file="authorities.yaml")
        holes = find_holes(tree, ladder, domains=DOMAINS, regions=REGIONS)
        return [str(hole) for hole in holes]

    return found


def person_of(document, identity):
    """Return a person of a document."""
    return next(person for person in document["people"] if person["id"] == identity)


def test_the_shipped_county_has_no_hole(tree, ladder):
    """Every domain, measure and township of 叶县 reaches somebody by every way."""
    assert find_holes(tree, ladder, domains=DOMAINS, regions=REGIONS) == ()


def test_the_shipped_county_has_its_eighteen_stations(tree):
    """The roster holds the townships of the domain reference §5.2, no more and no fewer."""
    stations = [a.code for a in tree.authorities if a.tier is Tier.STATION]

    assert stations == STATIONS


def test_the_shipped_county_shows_its_vacancies(tree):
    """The operator sees the empty seats, which are no holes."""
    assert "叶县市场监督管理局水寨市场监督管理所 所长" in vacancies(tree)
    assert unverified(tree) == ()


def test_a_person_without_mail_is_a_hole_where_the_ladder_wants_mail(holes_after):
    """A missing address for a channel in use is named with the person's key."""
    holes = holes_after(lambda d: person_of(d, "yx-s001").pop("email"))

    assert len(holes) == 1
    assert "people[yx-s001].email" in holes[0]
    assert "has no address for 电子邮件" in holes[0]


def test_a_domain_without_department_is_a_hole(holes_after):
    """A domain that nobody at any level is in charge of is named."""

    def forget_equipment(document):
        for authority in document["authorities"]:
            if authority.get("domains") == ["SE"]:
                authority["domains"] = []

    assert any("no department is in charge of SE" in hole for hole in holes_after(forget_equipment))


def test_a_region_without_county_is_a_hole(tree, ladder):
    """A place that no county governs is named."""
    (hole,) = find_holes(tree, ladder, domains=["SE"], regions=["410423001"])

    assert "no county governs 410423001" in str(hole)


def test_nobody_verified_from_station_to_province_is_a_hole(holes_after):
    """When only the duty desk is left, the way there is a hole, although nothing is lost."""

    def unverify_all_but_the_desk(document):
        for person in document["people"]:
            person["verified"] = person["id"] == "yx-xy"

    holes = holes_after(unverify_all_but_the_desk)

    assert any("nobody there or above is in post" in hole for hole in holes)


def test_an_unverified_phone_is_passed_over_and_shown(authorities_document):
    """Nobody is told at a number that was not checked, and the operator sees whose it is."""
    document = copy.deepcopy(authorities_document)
    person_of(document, "yx-ts")["verified"] = False

    tree = parse_authorities(document)

    assert [fault.key for fault in unverified(tree)] == ["people[yx-ts].verified"]
