"""Make the dictionary of packed states anew: python -m tests.train_dictionary.

A dictionary is what enterprises' states have in common, learned from the simulated county.  States
packed with another one cannot be read: raise ``detectors.state.SCHEMA`` when it changes.
"""

import datetime as dt
from pathlib import Path

import msgspec
import zstandard

from detectors import state as states
from detectors.events import encode
from streams.devstack.county import simulate
from streams.replay import replay
from tests import builders as b

SEEDS = (1, 2)
SIZE_BYTES = 8192  # twice the size saves 2 % more
PLACE = Path(states.__file__).with_name("state.zdict")
LATE = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def main() -> None:
    """Train on other counties than the tests look at, and write the file."""
    samples = []
    for seed in SEEDS:
        raws = [encode(event) for event in simulate(seed)]
        played = replay(raws, b.expertise(), now=LATE, timers=True)
        samples += [msgspec.msgpack.encode(state) for state in played.states.values()]
    PLACE.write_bytes(zstandard.train_dictionary(SIZE_BYTES, samples).as_bytes())
    print(f"{PLACE.name}: {PLACE.stat().st_size} bytes from {len(samples)} states")  # noqa: T201


if __name__ == "__main__":
    main()
