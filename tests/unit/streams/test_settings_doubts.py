"""Settings that can be read and keep people from being told are shown to the operator."""

import datetime as dt

import pytest

from config.schema import Email, Notify, Settings, Timers, Web
from detectors.warning import CHINA
from streams.assembly import build_wisdom
from streams.settings_doubts import settings_doubts

LETTERS = "0123456789abcdef0123456789abcdef"
NOON = dt.datetime(2026, 7, 1, 12, tzinfo=CHINA)
TODAY = NOON.date()


@pytest.fixture(scope="module")
def tree():
    """Return the shipped roster."""
    return build_wisdom(Settings()).desk.tree


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(Settings(), id="the defaults"),
        pytest.param(Settings(scope=("410422",)), id="the county"),
        pytest.param(Settings(scope=("410422001", "410422002")), id="two towns of it"),
        pytest.param(Settings(scope=("41",)), id="the province"),
        pytest.param(
            Settings(web=Web(public_url="https://a.cn", link_secret=LETTERS)), id="a page"
        ),
        pytest.param(
            Settings(web=Web(public_url="http://127.0.0.1:1", link_secret=LETTERS)),
            id="a trial, mails and all on one machine",
        ),
        pytest.param(Settings(notify=Notify(since=TODAY)), id="at work from today"),
        pytest.param(
            Settings(notify=Notify(since=TODAY + dt.timedelta(days=60))), id="in two months"
        ),
        pytest.param(Settings(notify=Notify(quiet_hours="")), id="no quiet hours"),
    ],
)
def test_what_may_be_meant_is_not_doubted(tree, settings):
    """An operator who hears of what is right no longer reads what is not."""
    assert list(settings_doubts(settings, tree, now=NOON)) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param(Settings(scope=("410421",)), "scope 中的 410421", id="the next county"),
        pytest.param(
            Settings(scope=("410422", "410499")), "scope 中的 410499", id="one of two"
        ),
        pytest.param(
            Settings(web=Web(public_url="https://a.cn")),
            "SANZAO_WEB__LINK_SECRET_FILE 未设置", id="an address without a secret",
        ),
        pytest.param(
            Settings(web=Web(link_secret=LETTERS)), "web.public_url 未设置",
            id="a secret without an address",
        ),
        pytest.param(
            Settings(notify=Notify(since=dt.date(2062, 12, 1))),
            "notify.since 为 2062-12-01", id="two digits turned round",
        ),
        pytest.param(
            Settings(notify=Notify(quiet_hours="07:30-22:00")),
            "notify.quiet_hours 为 07:30-22:00", id="quiet by day",
        ),
        pytest.param(
            Settings(timers=Timers(lateness_s=60_000_000)), "timers.lateness_s 为 60000000 秒",
            id="milliseconds",
        ),
        pytest.param(
            Settings(email=Email(host="smtp.example.org"),
                     web=Web(public_url="http://127.0.0.1:8000", link_secret=LETTERS)),
            "web.public_url 为 http://127.0.0.1:8000", id="a page on the reader's own machine",
        ),
        pytest.param(
            Settings(email=Email(host="smtp.example.org"),
                     notify=Notify(system_url="http://localhost/oa")),
            "notify.system_url 为 http://localhost/oa", id="a system there",
        ),
        pytest.param(Settings(timers=Timers(clock="events")), "timers.clock 为 events", id="clock"),
    ],
)  # fmt: skip
def test_what_would_keep_people_from_being_told_is_doubted(tree, settings, said):
    """One doubt for one slip, by the name of the setting."""
    (doubt,) = settings_doubts(settings, tree, now=NOON)

    assert said in doubt
    assert LETTERS not in doubt
