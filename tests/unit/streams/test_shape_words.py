"""Does whoever wrote a value of the wrong shape read in Chinese which value is wanted?"""

import datetime as dt
import enum
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from streams.shape_words import in_chinese


class Tier(enum.StrEnum):
    """A closed choice."""

    STATION = "station"
    COUNTY = "county"


class Part(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A line of a list."""

    code: str
    tier: Tier = Tier.STATION


class Whole(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A document with one field for each thing that can be wrong."""

    parts: tuple[Part, ...] = ()
    by_tier: dict[Tier, Tier] = {}
    mode: Literal["live", "none"] | None = None
    name: Annotated[str, Meta(min_length=2, max_length=3)] = "ab"
    hours: Annotated[str, Meta(pattern=r"^\d\d$")] = "22"
    list: Annotated[tuple[int, ...], Meta(min_length=1, max_length=2)] = (1,)
    pair: tuple[float, float] = (0.0, 1.0)
    port: Annotated[int, Meta(ge=1, le=9)] = 1
    above: Annotated[float, Meta(gt=0)] = 1.0
    whole: Annotated[int, Meta(multiple_of=5)] = 5
    on: bool = True
    day: dt.date = dt.date(2026, 7, 1)
    at: Annotated[dt.datetime, Meta(tz=True)] | None = None
    time: dt.time = dt.time(9)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        pytest.param({"parts": [{}]}, "parts第1项：缺少必填的键 code", id="a missing key"),
        pytest.param(
            {"parts": [{"code": "1"}, {"code": "2", "teir": "county"}]},
            "parts第2项：没有 teir 这个键，请核对拼写，可用的键：code、tier",
            id="a misspelt key",
        ),
        pytest.param(
            {"parts": [{"code": "1", "tier": "所"}]},
            "parts第1项.tier：不能写 '所'，应为下列之一：station、county",
            id="none of an enumeration",
        ),
        pytest.param(
            {"by_tier": {"所": "county"}},
            "by_tier：不能写 '所'，应为下列之一：station、county",
            id="a key that is none of an enumeration",
        ),
        pytest.param(
            {"by_tier": {"county": "所"}},
            "by_tier[...]：不能写 '所'，应为下列之一：station、county",
            id="a value in a mapping",
        ),
        pytest.param({"mode": "on"}, "mode：不能写 'on'，应为下列之一：live、none", id="a literal"),
        pytest.param(
            {"parts": [{"code": 410422}]},
            "parts第1项.code：应为文本，写的是整数，请加上引号",
            id="an unquoted code",
        ),
        pytest.param({"on": "yes"}, "on：应为true 或 false，写的是文本", id="no boolean"),
        pytest.param({"name": "a"}, "name：至少 2 个字符", id="too short"),
        pytest.param({"name": "abcd"}, "name：至多 3 个字符", id="too long"),
        pytest.param({"hours": "22h"}, r"hours：格式不对，应符合 ^\d\d$", id="a pattern"),
        pytest.param({"list": []}, "list：至少 1 项", id="an empty list"),
        pytest.param({"list": [1, 2, 3]}, "list：至多 2 项", id="a long list"),
        pytest.param({"pair": [1]}, "pair：应有 2 项，写了 1 项", id="half a pair"),
        pytest.param({"port": 0}, "port：不能小于 1", id="below"),
        pytest.param({"port": 10}, "port：不能大于 9", id="beyond"),
        pytest.param({"above": 0}, "above：须大于 0.0", id="not above"),
        pytest.param({"whole": 7}, "whole：须是 5 的倍数", id="no multiple"),
        pytest.param({"day": "1/7"}, "day：不是日期，写作 2026-07-01", id="no day"),
        pytest.param({"time": "9h"}, "time：不是时刻，写作 09:00:00", id="no time"),
        pytest.param({"at": "1/7"}, "at：不是时间，写作 2026-07-01T09:00:00+08:00", id="no moment"),
        pytest.param({"at": "2026-07-01T09:00:00"}, "at：时间须带时区，如 +08:00", id="no zone"),
        pytest.param([], "应为键与值，写的是列表", id="another document"),
    ],
)
def test_what_is_wanted_is_said_in_chinese(document, told):
    """Each phrase of msgspec names the place and the wanted value, counted as people count."""
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(document, Whole)

    assert in_chinese(str(refused.value), Whole) == told


def test_without_the_type_no_values_are_made_up():
    """Where nobody knows the document's type, the line still says what was wrong."""
    assert in_chinese("Invalid enum value '所' - at `$.tier`") == (
        "tier：不能写 '所'，它不在允许的取值之内"
    )


def test_an_example_is_shown():
    """A pattern alone teaches nobody how the value is written."""
    told = in_chinese(
        "Expected `str` matching regex '^x$' - at `$.notify.quiet_hours`", example="22:00-07:30"
    )

    assert told == "notify.quiet_hours：格式不对，应符合 ^x$（例如 22:00-07:30）"


def test_what_is_no_phrase_of_msgspec_is_left_alone():
    """Our own complaints have their Chinese where they are raised."""
    assert in_chinese("phone of p1: 手机号须为 1 开头的 11 位数字 - at `$.people[0]`", Whole) == ""
