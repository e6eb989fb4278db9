"""What does the amount make of a penalty?  ``weights.yaml`` as checked data.

Raise the knowledge's version with a change: it weighs what is read from then on.
"""

import itertools
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from detectors.facts import Fact, FactKind
from detectors.functions import Amount, Severity, Strict
from detectors.payloads_supervision import PenaltyDecided

FILE = "weights.yaml"


class AmountTier(Strict, frozen=True):
    """A penalty from so many yuan on weighs so much; ``under`` is null for the last tier."""

    since: Amount = msgspec.field(name="from")
    under: Amount | None
    weight: Severity


class Weights(Strict, frozen=True):
    """What a general penalty weighs (S08 "× amount tier"), by the amount of the fine.

    ``unstated`` is for one without a fine: a confiscation, or an amount that the source left out.
    """

    version: str
    unstated: Severity
    general_penalty: Annotated[tuple[AmountTier, ...], Meta(min_length=1)]

    def of_amount(self, yuan: float) -> float:
        """Return what a fine of so many yuan makes of a general penalty."""
        if not yuan:
            return self.unstated
        return next(
            tier.weight for tier in self.general_penalty if tier.under is None or yuan < tier.under
        )

    def weighed(self, data: PenaltyDecided, facts: Sequence[Fact]) -> tuple[Fact, ...]:
        """Return the facts of a penalty decision, the general penalty by its amount."""
        return tuple([
            replace(fact, weight=fact.weight * self.of_amount(data.amount))
            if fact.kind == FactKind.PENALTY_GENERAL
            else fact
            for fact in facts
        ])  # fmt: skip

    def problems(self) -> list[str]:
        """Return the holes, overlaps and reversals of the tiers, each with its place."""
        where = f"{FILE}: general_penalty"
        tiers = self.general_penalty
        problems = []
        if tiers[0].since != 0:
            problems.append(f"{where}[0]: a fine under {tiers[0].since:g} has no weight; from 0 on")
        for n, (one, later) in enumerate(itertools.pairwise(tiers), start=1):
            if one.under is None:
                problems.append(f"{where}[{n - 1}]: under null ends the tiers; it must be the last")
            elif one.under < later.since:
                problems.append(
                    f"{where}[{n}]: a fine of {one.under:g} to {later.since:g} has no weight"
                )
            elif one.under > later.since:
                problems.append(
                    f"{where}[{n}]: a fine of {later.since:g} to {one.under:g} has two weights"
                )
            if later.weight < one.weight:
                problems.append(f"{where}[{n}].weight: a larger fine must not weigh less")
        if tiers[-1].under is not None:
            problems.append(
                f"{where}[{len(tiers) - 1}]: a fine from {tiers[-1].under:g} on has no weight; "
                f"under: null ends the tiers"
            )
        problems += [
            f"{where}[{n}]: holds no amount; from must lie below under"
            for n, one in enumerate(tiers)
            if one.under is not None and one.since >= one.under
        ]
        return problems
