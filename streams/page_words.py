"""How does the page of a warning read?  The letter itself, and in place of its button what to do.

Nothing stands on it that the person's own mail does not say, but the acts of those who were told.
"""

import functools
from collections.abc import Collection, Iterable, Sequence
from importlib import resources

import jinja2

from alerts.authority import AuthorityTree
from alerts.members import Member
from alerts.rendering import Letter, one_line, without_personal
from detectors.handling import OUTCOMES, Handled
from detectors.warning import CHINA
from streams.warning_cases import Case

# How one of a list stands: what waits for somebody comes first.
WAITING, RETURNED, UNDER_WAY, ENDED = STANDINGS = ("待签收", "已退回", "办理中", "已结束")

_BODY = "<!-- body -->"
_ACTS = "<!-- acts -->", "<!-- /acts -->"
_LIST = "<!-- list -->", "<!-- /list -->"


def page(letter: Letter, acts: str) -> str:
    """Return the letter as a page, with ``acts`` in place of its button."""
    head, tail = _around(letter.html, *_ACTS)
    return _styled(head) + acts + tail


def list_page(letter: Letter, acts: str) -> str:
    """Return the letter of a batch as a page: ``acts`` tell how each on its list stands."""
    head, tail = _around(letter.html, *_ACTS)
    return _styled("".join(_around(head, *_LIST))) + acts + tail


def member_page(letter: Letter, acts: str) -> str:
    """Return the page of one on a list: what to do comes first, for the letter has been read."""
    head, tail = _around(letter.html, *_ACTS)
    top, _, body = "".join(_around(head, *_LIST)).partition(_BODY)
    return _styled(top) + acts + body + tail


def acts_in_words(
    life: Sequence[Handled],
    *,
    tree: AuthorityTree,
    person: str,
    measure: str,
    may: Collection[str],
    standing: str,
    notice: str = "",
    is_refused: bool = False,
    member: Member | None = None,
    back: str = "",
) -> str:
    """Return what was done and what ``person`` may do now; of others the office alone is named.

    ``member`` says of whom, where the letter is about many, and ``back`` where their list is.
    """
    told = [
        {
            "word": act.label,
            "who": _who(act, tree) + ("（本人）" if act.actor == person else ""),
            "at": f"{act.at.astimezone(CHINA):%Y-%m-%d %H:%M}",
            "outcome": OUTCOMES.get(act.outcome, ""),
            "note": without_personal(one_line(act.note)),
        }
        for act in life
    ]
    return _template("acts.html.j2").render(
        life=told, measure=measure, may=may, standing=standing, outcomes=OUTCOMES, notice=notice,
        is_refused=is_refused, member=member, back=back,
    )  # fmt: skip


def list_in_words(cases: Iterable[Case], *, measure: str, here: str, notice: str = "") -> str:
    """Return how each on the list of a batch stands, what waits first, with a way to each.

    ``here`` is the last part of this page's own address.
    """
    standing: dict[str, list[Case]] = {word: [] for word in STANDINGS}
    for case in cases:
        standing[_standing(case)].append(case)
    return _template("list.html.j2").render(
        standing=standing, waiting=len(standing[WAITING]), ended=ENDED, measure=measure, here=here,
        notice=notice,
    )  # fmt: skip


def _standing(case: Case) -> str:
    if case.waits:
        return WAITING
    if case.has_ended:
        return ENDED
    return RETURNED if case.is_returned else UNDER_WAY


def plain_page(title: str, text: str) -> str:
    """Return a page that says one thing."""
    return (
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_file('page.css')}</style></head>"
        f'<body><div class="only"><h1>{title}</h1><p>{text}</p></div></body></html>'
    )


def _who(act: Handled, tree: AuthorityTree) -> str:
    authority = tree.find(act.authority) if act.authority else None
    return authority.name if authority else "其他系统"


def _styled(head: str) -> str:
    return head.replace("</head>", f"<style>{_file('page.css')}</style></head>", 1)


def _around(text: str, begin: str, end: str) -> tuple[str, str]:
    """Return what stands before and after a marked part of a letter."""
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    return head, tail


def _file(name: str) -> str:
    return resources.files("streams").joinpath("pages", name).read_text(encoding="utf-8").strip()


@functools.cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["day"] = lambda at: f"{at.astimezone(CHINA):%Y-%m-%d}"
    return environment.from_string(_file(name))
