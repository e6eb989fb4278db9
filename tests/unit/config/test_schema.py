"""Do settings say what they mean, and nothing by accident?"""

import itertools

import msgspec
import pytest

from config.schema import Model, Roles, Settings, Sms
from detectors import experts


def test_settings_cannot_be_changed_under_way():
    """What a worker began with is what it ends with."""
    with pytest.raises(AttributeError):
        Settings().kafka.partitions = 9


def test_a_process_that_does_all_keeps_the_name_of_the_group():
    """The plain worker commits under the name that was set."""
    assert Roles().suffix == ""


def test_processes_of_different_roles_are_different_groups():
    """Members of a group share its partitions, so they must read the same topics."""
    suffixes = [
        Roles(assess=assess, learn=learn, notify=notify, neighbours=neighbours).suffix
        for assess, learn, notify, neighbours in itertools.product([True, False], repeat=4)
    ]

    assert len(set(suffixes)) == len(suffixes)


def test_every_section_refuses_what_it_does_not_know():
    """An unknown key is a misspelt one, wherever it stands."""
    sections = [
        getattr(Settings(), name)
        for name in Settings.__struct_fields__
        if isinstance(getattr(Settings(), name), msgspec.Struct)
    ]

    assert len(sections) >= 9
    for section in sections:
        with pytest.raises(msgspec.ValidationError, match="unknown field `no_such_key`"):
            msgspec.convert({"no_such_key": 1}, type(section))


def test_timers_do_not_make_another_group():
    """They read no topic: a process that lets another one tell deadlines keeps its group."""
    assert Roles(timers=False).suffix == ""
    assert Roles(learn=False, timers=False).suffix == Roles(learn=False).suffix


def test_deadlines_follow_the_wall_clock_unless_told_otherwise():
    """The events' clock stands still without events: no bureau at work gets it by accident."""
    assert Settings().timers.clock == "wall"


def test_every_expert_may_be_a_member():
    """The settings know the experts that there are, and take all unless told otherwise."""
    assert Model().members == experts.MEMBERS


def test_experts_none_of_which_can_score_are_refused():
    """What learns must be able to speak where decisions are made."""
    with pytest.raises(msgspec.ValidationError, match="none of forest, bayes can score"):
        msgspec.convert({"members": ["forest", "bayes"]}, Model)


def test_a_misspelt_expert_is_refused():
    """An unknown name is no expert."""
    with pytest.raises(msgspec.ValidationError, match="forrest"):
        msgspec.convert({"members": ["newton", "forrest"]}, Model)


WHOLE = {
    "provider": "mas",
    "ec_name": "某局",
    "sign_code": "s",
    "endpoint": "https://m.example.org",
}


@pytest.mark.parametrize(
    ("lacks", "told"),
    [
        pytest.param("ec_name", "集团客户名称", id="the customer's name"),
        pytest.param("sign_code", "签名编码", id="the code of the signature"),
        pytest.param("endpoint", "address of its gateway", id="the gateway of another carrier"),
    ],
)
def test_half_an_account_with_the_second_carrier_is_refused(lacks, told):
    """What each text would be turned away for is told when the settings are read."""
    half = {key: value for key, value in WHOLE.items() if key != lacks}

    assert msgspec.convert(WHOLE, Sms).provider == "mas"
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert(half, Sms)
