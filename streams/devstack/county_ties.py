"""Whose trouble must be heard by a neighbour in every county?

Firms of one person, a head office with its branches: one is in trouble, the others hear of it and
hear when it ends.  The batch that one agent registers needs no story: its firms are founded.
"""

from collections.abc import Sequence

from detectors import events as e
from streams.devstack.county_diary import A_DAY, Diary, Source
from streams.devstack.county_people import KIN, OFFICE


def happen(diaries: Sequence[Diary]) -> None:
    """Let it happen, where the county is large enough."""
    if len(diaries) >= KIN.stop:
        _debtor_among_kin(diaries[KIN.start])
    if len(diaries) >= OFFICE.stop:
        _dishonest_head_office([diaries[number] for number in OFFICE])


def _debtor_among_kin(diary: Diary) -> None:
    """A court names a firm a dishonest debtor, and deletes it: its person has two more firms."""
    number = "(2026)豫0422执412号"
    diary.indebted(diary.span.at(0.3), number=number)
    diary.indebted(diary.span.at(0.8), number=number, action="delete")


def _dishonest_head_office(diaries: Sequence[Diary]) -> None:
    """A head office with three branches comes on the list of serious violations."""
    office, *branches = diaries
    for place, branch in enumerate(branches):
        data = e.BranchChanged(branch=branch.firm.uscc, action="added")
        day = office.span.opening + A_DAY * (5 + place)
        office.write(Source.REGISTRY, office.office(day), data)
    office.gravely_listed(office.span.at(0.4), grounds="拒不履行行政处罚决定")
