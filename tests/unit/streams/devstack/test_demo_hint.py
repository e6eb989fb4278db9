"""Can a person ask a demo that keeps running, without knowing where its servers are?"""

from types import SimpleNamespace

from config.load import load_settings
from streams.devstack.demo import how_to_ask

ENVIRONMENT = {
    "SANZAO_KAFKA__BOOTSTRAP": "127.0.0.1:26081",
    "SANZAO_KAFKA__PARTITIONS": "4",
    "SANZAO_KAFKA__IDEMPOTENT": "false",
    "SANZAO_REDIS__URL": "redis://127.0.0.1:29233/0",
    "SANZAO_SMS__SECRET": "geheim",
}


def test_what_is_printed_is_what_a_command_needs():
    """Pasted into another terminal it reaches the same servers, and acts in the demo's own time."""

    def environment(**more):
        """Return what the stack says of itself, and what is asked beside it."""
        return ENVIRONMENT | {f"SANZAO_{name}": value for name, value in more.items()}

    told = how_to_ask(SimpleNamespace(environment=environment))

    (line,) = [one for one in told.splitlines() if one.startswith("export ")]
    pairs = dict(one.split("=", 1) for one in line.split()[1:])
    settings = load_settings(environment=pairs)
    assert (settings.kafka.bootstrap, settings.kafka.partitions) == ("127.0.0.1:26081", 4)
    assert (settings.kafka.idempotent, settings.redis.url) == (False, "redis://127.0.0.1:29233/0")
    assert settings.timers.clock == "events"
    assert "geheim" not in told
