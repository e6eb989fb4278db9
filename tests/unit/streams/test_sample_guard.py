"""Does a worker refuse to tell real people of a sample, and only then?"""

import dataclasses
import functools

import msgspec
import pytest

from alerts.authority import AuthorityTree, Roster
from config.schema import Email, Notify, Roles, Settings, Sms
from streams.assembly import build_wisdom
from streams.sample_guard import SampleTellsRealPeopleError, check_sample, doubts, why_not
from tests import builders as b

STAND_IN = Sms(endpoint="http://127.0.0.1:8090")
REAL_MAIL = Email(host="smtp.lushan.gov.cn")


@functools.cache
def shipped():
    """Return the shipped knowledge."""
    return build_wisdom(Settings())


def asked(settings, *, people=True, templates=True):
    """Return why a worker may not start; what is no sample is taken for a county's own."""
    roster = msgspec.convert(b.documents()["authorities.yaml"], Roster)
    desk = dataclasses.replace(
        shipped().desk,
        tree=AuthorityTree(msgspec.structs.replace(roster, sample=people)),
        book=msgspec.structs.replace(shipped().desk.book, sample=templates),
    )
    return why_not(settings, desk)


@pytest.mark.parametrize(
    ("settings", "samples", "named"),
    [
        pytest.param(Settings(), {}, "dysmsapi.aliyuncs.com", id="a real gateway"),
        pytest.param(
            Settings(sms=STAND_IN, email=REAL_MAIL), {}, "smtp.lushan.gov.cn", id="a real server"
        ),
        pytest.param(
            Settings(), {"people": False}, "sms_templates.yaml", id="own people, sample templates"
        ),
        pytest.param(
            Settings(sms=STAND_IN, email=REAL_MAIL), {"templates": False}, "authorities.yaml",
            id="own templates, sample people",
        ),
    ],
)  # fmt: skip
def test_a_sample_is_told_to_nobody_real(settings, samples, named):
    """One sample among the documents and one real way are enough; both are named."""
    assert named in asked(settings, **samples)


@pytest.mark.parametrize(
    ("settings", "samples"),
    [
        pytest.param(Settings(sms=STAND_IN), {}, id="stand-ins on this machine"),
        pytest.param(Settings(), {"people": False, "templates": False}, id="all their own"),
        pytest.param(
            Settings(sms=STAND_IN, email=REAL_MAIL), {"people": False},
            id="letters need no template",
        ),
        pytest.param(Settings(roles=Roles(notify=False)), {}, id="a process that tells nobody"),
        pytest.param(Settings(notify=Notify(allow_sample=True)), {}, id="somebody said so"),
    ],
)  # fmt: skip
def test_else_a_worker_starts(settings, samples):
    """Stand-ins, own documents, no role to tell, or an explicit word."""
    assert asked(settings, **samples) == ""


def test_the_refusal_is_an_error_of_its_own():
    """The worker ends with it before it joins anything."""
    with pytest.raises(SampleTellsRealPeopleError, match=r"docs/going-live\.md"):
        check_sample(Settings(), shipped().desk)


def test_a_sample_of_an_assessment_is_asked_about():
    """Ties of persons need a bureau's own assessment; the shipped number is none."""
    assert [one for one in doubts(Settings(), shipped()) if "persons.assessment" in one]
