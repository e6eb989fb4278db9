"""Do experts see numbers on one scale, bounded, and only so many names?"""

import datetime as dt

import msgspec
import pytest

from detectors.example import Example
from detectors.features import FEATURES_VERSION, NAMES
from detectors.inputs import (
    CLIP,
    FIXED,
    MOST_CONTEXT,
    MOST_FLAGS,
    WEEKEND,
    Inputs,
    Scale,
    flags_of,
    of_enterprise,
)
from detectors.warning import CHINA


def look(number=0, *, category="", context=None):
    """Return a look with context."""
    return Example(
        id=f"x{number}", domain="CATER", at=86_400 * number, features=[float(number)] * len(NAMES),
        category=category, form="", found=False, features_version=FEATURES_VERSION,
        context=context or {},
    )  # fmt: skip


def after(looks):
    """Return the inputs after some looks."""
    inputs = Inputs()
    for one in looks:
        inputs.learn(inputs.numbers(one), one)
    return inputs


def test_numbers_come_to_one_scale():
    """What was learned has mean 0 and deviation 1."""
    scale = Scale()
    for number in range(101):
        scale.learn({"x": 3.0 * number})

    scaled = [scale.one("x", 3.0 * number) for number in range(101)]

    assert sum(scaled) == pytest.approx(0.0, abs=1e-9)
    assert sum(one * one for one in scaled) == pytest.approx(101)


def test_a_freak_is_clipped():
    """A number far beyond all others counts as four deviations."""
    scale = Scale()
    for number in (0.0, 1.0):
        scale.learn({"x": number})

    assert (scale.one("x", 1e9), scale.one("x", -1e9)) == (CLIP, -CLIP)


def test_what_never_varied_says_nothing():
    """A constant, or a number never seen, stands at the average."""
    scale = Scale()
    scale.learn({"x": 5.0})

    assert scale.one("x", 7.0) == scale.one("unknown", 7.0) == 0.0


def test_context_is_bounded():
    """However many names a source sends, only the first so many become columns."""
    names = [{f"n{n}": 1.0} for n in range(3 * MOST_CONTEXT)]

    inputs = after([look(n, context=one) for n, one in enumerate(names)])

    assert len(inputs.columns) == len(FIXED) + MOST_CONTEXT
    assert len(inputs.scale.moments) == len(inputs.columns)


def test_flags_are_bounded():
    """However many trades there are, only the first so many are flags of their own."""
    inputs = after([look(n, category=f"c{n}") for n in range(3 * MOST_FLAGS)])

    assert len(inputs.flags) == MOST_FLAGS
    assert inputs.seen({}, look(category="c0")) == {"category=c0": 1.0}
    assert inputs.seen({}, look(category="c99")) == {}


@pytest.mark.parametrize(
    ("hour", "flags"),
    [
        pytest.param(-1, [], id="late on Friday"),
        pytest.param(0, [WEEKEND], id="the first hour of Saturday"),
        pytest.param(47, [WEEKEND], id="the last hour of Sunday"),
        pytest.param(48, [], id="early on Monday"),
    ],
)
def test_a_weekend_is_one_by_the_clock_of_china(hour, flags):
    """A look stands under the weekend from Saturday 00:00 to Monday 00:00, Beijing time."""
    saturday = int(dt.datetime(2026, 11, 21, tzinfo=CHINA).timestamp())

    assert flags_of(msgspec.structs.replace(look(), at=saturday + 3600 * hour)) == flags


def test_what_belongs_to_the_look_is_none_of_the_enterprise():
    """Form, day, context and inspector are taken out, with their tides; the rest stays."""
    one = Example(
        id="x", domain="CATER", at=0, features=[0.0] * len(NAMES), category="网吧", form="日常",
        found=False, features_version=FEATURES_VERSION, place="410422001", inspector="a",
        context={"warmth": 1.0},
    )  # fmt: skip
    seen = dict.fromkeys([*FIXED, "context_warmth", WEEKEND, *flags_of(one)], 1.0)

    left = set(seen) - set(of_enterprise(seen))

    spans = ("ever", "year", "month", "days")
    tides = {f"tide_{kind}_{one}" for kind in ("form", "task", "inspector") for one in spans}
    assert left == tides | {"context_warmth", WEEKEND, "form=日常", "inspector=a"}
