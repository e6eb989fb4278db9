"""Is every readable report of an answer read, whatever stands beside it?  None comes twice."""

import json

import pytest

from alerts.channels.mas_codes import meaning_of
from alerts.channels.mas_reports import Fetched, parse
from alerts.delivery import CarriersReport, Cause, TryAgain, Way
from alerts.specimen import specimen

NOON = specimen().issued_at
ONE = {
    "reportStatus": "CM:0000",
    "mobile": "13800000001",
    "submitDate": "20260701093000",
    "receiveDate": "20260701093004",
    "errorCode": "DELIVRD",
    "msgGroup": "g1",
}


def read(*elements):
    """Return what an answer with these elements brings."""
    return parse(200, json.dumps(elements).encode(), now=NOON)


def test_a_report_is_read():
    """The carrier's name, the phone, the verdict, China's time and the carrier's word."""
    (report,) = read(ONE).reports

    assert report.at.isoformat() == "2026-07-01T09:30:04+08:00"
    assert report == CarriersReport(
        way=Way.SMS, provider_id="g1", address="13800000001", arrived=True, at=report.at,
        detail="DELIVRD",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "arrived"),
    [
        pytest.param({}, True, id="both fields say so"),
        pytest.param({"errorCode": ""}, True, id="the status alone"),
        pytest.param({"reportStatus": None}, True, id="the code alone"),
        pytest.param({"reportStatus": "DELIVRD", "errorCode": "CM:0000"}, True, id="changed over"),
        pytest.param({"reportStatus": "CM:0001", "errorCode": "DB:0140"}, False, id="neither"),
        pytest.param({"reportStatus": None, "errorCode": None}, False, id="nothing is said"),
    ],
)
def test_either_word_in_either_field_means_arrived(changes, arrived):
    """Public clients disagree which field says it."""
    (report,) = read(ONE | changes).reports

    assert report.arrived is arrived


def test_the_number_may_stand_in_a_list():
    """Some gateways write it so; none at all matches no phone of ours."""
    one, none = read(ONE | {"mobile": ["13800000001"]}, ONE | {"mobile": []}).reports

    assert (one.address, none.address) == ("13800000001", "")


def test_a_time_that_is_none_is_now():
    """The verdict counts, not the second."""
    (report,) = read(ONE | {"receiveDate": None}).reports

    assert report.at == NOON


@pytest.mark.parametrize("odd", [1, None, [], {"mobile": "13800000001"}, {"msgGroup": 7}])
def test_what_cannot_be_read_costs_no_other(odd):
    """It is counted, and the reports around it are settled: nobody hands them out again."""
    found = read(ONE, odd, ONE | {"msgGroup": "g2"})

    assert [one.provider_id for one in found.reports] == ["g1", "g2"]
    assert found.unreadable == 1


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        pytest.param(b"[]", Fetched(), id="none"),
        pytest.param(b"null", Fetched(), id="null"),
        pytest.param(b"", Fetched(), id="empty"),
        pytest.param(
            b'{"success":false,"rspcod":"NOT_WHITE_IP"}', meaning_of("NOT_WHITE_IP"), id="refused"
        ),
        pytest.param(
            b"<html>", TryAgain(Cause.SERVER_ERROR, detail="HTTP 200"), id="a proxy's page"
        ),
        pytest.param(b"{}", TryAgain(Cause.SERVER_ERROR, detail="HTTP 200"), id="no code"),
    ],
)
def test_no_reports_and_no_answer_are_told_apart(body, outcome):
    """What is no array brings nothing, with the reason."""
    assert parse(200, body, now=NOON) == outcome
