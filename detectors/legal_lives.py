"""How long is a penalty published, and from when on may it be repaired?

The law has changed once already, so the rules stand in ``repair.yaml`` with the day from which each
is in force; a penalty is judged by the rules of the day of its decision.

Source:
    Domain reference §6: 总局令第45号 art. 13-14; 国办发〔2025〕22号 and the 2025 rules on repair.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from detectors.facts import (
    CONFIRMED,
    PENALTIES,
    PROVISIONAL,
    PROVISIONAL_KINDS,
    Fact,
    FactKind,
)
from detectors.functions import Amount, Strict
from detectors.stating import moment
from detectors.warning import CHINA
from detectors.working_days import Limit, WorkingDays

Months = Annotated[int, Meta(ge=0, le=120)]
_SEVERITY = {
    FactKind.PENALTY_MINOR: "minor",
    FactKind.PENALTY_GENERAL: "general",
    FactKind.PENALTY_SEVERE: "severe",
}
_PENALTY_KINDS = frozenset(int(kind) for kind in PENALTIES)


class BySeverity(Strict, frozen=True):
    """Months for each severity of a penalty; null for never."""

    minor: Months | None
    general: Months | None
    severe: Months | None

    def of(self, kind: int) -> int | None:
        """Return the months of a kind of penalty, None for never."""
        months: int | None = getattr(self, _SEVERITY[FactKind(kind)])
        return months


class Regime(Strict, frozen=True):
    """The rules on publication and repair from one day on.

    ``repair_after_months_in`` are longer waits in some domains; ``applies_to_earlier`` lets the
    shorter publication of these rules end that of earlier penalties too.  A general penalty that is
    nothing but a fine under ``low_fine_under`` yuan (较低数额罚款) is published like a minor one.
    """

    name: str
    effective_from: dt.date
    publication_months: BySeverity
    repair_after_months: BySeverity
    basis: str
    repair_after_months_in: dict[str, Months] = msgspec.field(default_factory=dict)
    applies_to_earlier: bool = False
    low_fine_under: Amount = 0.0

    def published_months(self, kind: int, fine: float) -> int:
        """Return for how long a penalty is published; ``fine`` is what it is but for nothing else.

        Units:
            ``fine`` is in yuan, 0 where the penalty is no fine alone.
        """
        is_low = kind == FactKind.PENALTY_GENERAL and 0 < fine < self.low_fine_under
        return self.publication_months.of(FactKind.PENALTY_MINOR if is_low else kind) or 0


class LegalLives(Strict, frozen=True):
    """All regimes, the earliest first; an earlier penalty falls under the earliest.

    ``retest_windows`` say how long a failed sample of each kind stays provisional.
    """

    version: str
    retest_windows: dict[str, str]
    regimes: Annotated[tuple[Regime, ...], Meta(min_length=1)]

    def problems(self) -> list[str]:
        """Return what is missing or contradicts itself, each with its place."""
        days = [regime.effective_from for regime in self.regimes]
        problems = (
            []
            if days == sorted(set(days))
            else ["repair.yaml: regimes: must stand in the order of effective_from, each day once"]
        )
        problems += [
            f"repair.yaml: regimes[{n}].publication_months.{name}: null is no end; how many months"
            for n, regime in enumerate(self.regimes)
            for kind, name in _SEVERITY.items()
            if regime.publication_months.of(kind) is None
        ]
        asked = {kind.name.lower() for kind in PROVISIONAL_KINDS}
        problems += [
            f"repair.yaml: retest_windows: {name} is missing; without it a sample stays "
            f"provisional, at half its weight, for ever"
            for name in sorted(asked - self.retest_windows.keys())
        ]
        problems += [
            f"repair.yaml: retest_windows: {name!r} is no sample that can be provisional; use one "
            f"of {', '.join(sorted(asked))}"
            for name in sorted(self.retest_windows.keys() - asked)
        ]
        for name, text in self.retest_windows.items():
            try:
                Limit.parse(text)
            except ValueError as error:
                problems.append(f"repair.yaml: retest_windows.{name}: {error}")
        return problems

    def regime_at(self, at: int) -> Regime:
        """Return the rules in force at a moment."""
        found = self.regimes[0]
        for regime in self.regimes:
            if moment(regime.effective_from) <= at:
                found = regime
        return found

    def published_until(self, fact: Fact, *, fine: float = 0.0) -> int:
        """Return when the publication of a penalty ends, where its source does not say."""
        decided = fact.document.decided or fact.at
        regime = self.regime_at(decided)
        end = months_after(decided, regime.published_months(fact.kind, fine))
        for later in self.regimes:
            start = moment(later.effective_from)
            if later.applies_to_earlier and start > decided:
                shorter = months_after(decided, later.published_months(fact.kind, fine))
                end = min(end, max(start, shorter))
        return end

    def repairable_from(self, fact: Fact) -> int | None:
        """Return from when on a penalty may be repaired, its duty done; None for never."""
        decided = fact.document.decided or fact.at
        regime = self.regime_at(decided)
        months = regime.repair_after_months.of(fact.kind)
        if months is None:
            return None
        if months:
            months = max(months, regime.repair_after_months_in.get(fact.domain, 0))
        return months_after(decided, months)

    def bounded(self, facts: Sequence[Fact], *, fine: float = 0.0) -> tuple[Fact, ...]:
        """Return the facts, each penalty due at the end of its publication.

        What is no longer published no longer weighs; that it was decided still counts where a
        law counts penalties (食品安全法 art. 134).
        """
        return tuple([
            replace(fact, due=self.published_until(fact, fine=fine))
            if fact.kind in _PENALTY_KINDS and not fact.due
            else fact
            for fact in facts
        ])  # fmt: skip


def final_from(fact: Fact, lives: LegalLives, calendar: WorkingDays) -> int:
    """Return when a provisional sample becomes final, 0 where it is none.

    The window begins with the day on which the enterprise received the result (``due``), or else
    with that of the sample.
    """
    if fact.doubt & (PROVISIONAL | CONFIRMED) != PROVISIONAL or fact.end < 0:
        return 0
    window = lives.retest_windows.get(FactKind(fact.kind).name.lower())
    if window is None:
        return 0
    since = dt.datetime.fromtimestamp(fact.due or fact.at, CHINA)
    return int(calendar.due(Limit.parse(window), since).at.timestamp())


def months_after(at: int, months: int) -> int:
    """Return the same moment so many months later; a day that is not there becomes the last one.

    >>> months_after(moment(dt.date(2026, 11, 30)), 3) == moment(dt.date(2027, 2, 28))
    True
    """
    then = dt.datetime.fromtimestamp(at, CHINA)
    years, month = divmod(then.month - 1 + months, 12)
    for day in range(then.day, 0, -1):
        try:
            later = then.replace(year=then.year + years, month=month + 1, day=day)
        except ValueError:
            continue
        return int(later.timestamp())
    raise AssertionError("every month has a first day")
