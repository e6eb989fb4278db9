"""Does the whole path, with all its processes, come to what the core alone comes to?

    python -m tests.bench.verify real --data DATA --broker embedded
    python -m tests.bench.verify kill --data DATA --broker apache

``real``: every record of a real file, and bad ones among them, digested by one worker; once with
the model off, once live.  ``kill``: the same while the worker is killed and another one joins.
Exit status 0: all is equal; 1: something differs or was not done in time; 2: no data.
"""

import argparse
import datetime as dt
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from config.schema import Settings
from streams.assembly import build_wisdom
from streams.devstack.broker import BrokerKind
from streams.devstack.processes import ServerError
from tests.bench import command_line
from tests.bench.observed import NotDoneError
from tests.bench.records import planted
from tests.bench.trials import Trial, kill_trial, live_trial, plain_trial

SEED = 20260301
EACH = 5


def main(words: Sequence[str] | None = None) -> int:
    """Run one verification and print its figures."""
    options = _parser().parse_args(words)
    return command_line.run(lambda: _verify(options))


def _parser() -> argparse.ArgumentParser:
    reader = argparse.ArgumentParser(prog="python -m tests.bench.verify")
    reader.add_argument("what", choices=("real", "kill"))
    command_line.add_data(reader)
    reader.add_argument("--broker", type=BrokerKind, default=BrokerKind.EMBEDDED)
    reader.add_argument("--model", choices=("none", "live", "both"), default="both")
    reader.add_argument("--folder", type=Path, default=None, help="keeps logs; default: temporary")
    reader.add_argument("--seed", type=int, default=SEED)
    reader.add_argument("--kills", type=int, default=5)
    reader.add_argument("--rate", type=float, default=2000.0, help="kill: events/s that flow")
    return reader


def _verify(options: argparse.Namespace) -> bool:
    records = planted(command_line.events_of(options), each=EACH, seed=options.seed)
    with tempfile.TemporaryDirectory(prefix="sanzao-verify-") as temporary:
        trial = Trial(
            records=records,
            wisdom=build_wisdom(Settings()),
            now=dt.datetime.now(dt.UTC),
            kind=options.broker,
            folder=options.folder.resolve() if options.folder else Path(temporary),
            seed=options.seed,
            kills=options.kills,
            per_second=options.rate,
        )
        held = [_one(trial, options.what, model) for model in _models(options)]
        return all(held)


def _models(options: argparse.Namespace) -> tuple[str, ...]:
    return ("none", "live") if options.model == "both" else (options.model,)


def _one(trial: Trial, what: str, model: str) -> bool:
    runs = {("real", "none"): plain_trial, ("real", "live"): live_trial}
    try:
        report = kill_trial(trial, model=model) if what == "kill" else runs[what, model](trial)
    except (NotDoneError, ServerError, TimeoutError) as error:
        print(f"verify {what}, model {model}: FAILED: {error}")  # noqa: T201
        return False
    print("\n".join(report.lines), flush=True)  # noqa: T201 - figures are what it is for
    return report.holds


if __name__ == "__main__":
    sys.exit(main())
