"""How does the page of a warning read?  The letter itself, and in place of its button what to do.

Nothing stands on it that the person's own mail does not say, but the acts of those who were told.
"""

import functools
from collections.abc import Collection, Sequence
from importlib import resources

import jinja2

from alerts.authority import AuthorityTree
from alerts.rendering import Letter, one_line, without_personal
from detectors.handling import OUTCOMES, Handled
from detectors.warning import CHINA

_BEGIN, _END = "<!-- acts -->", "<!-- /acts -->"


def page(letter: Letter, acts: str) -> str:
    """Return the letter as a page, with ``acts`` in place of its button."""
    head, _, rest = letter.html.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    styled = head.replace("</head>", f"<style>{_file('page.css')}</style></head>", 1)
    return styled + acts + tail


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
) -> str:
    """Return what was done and what ``person`` may do now; of others the office alone is named."""
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
    return _template().render(
        life=told, measure=measure, may=may, standing=standing, outcomes=OUTCOMES, notice=notice,
        is_refused=is_refused,
    )  # fmt: skip


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


def _file(name: str) -> str:
    return resources.files("streams").joinpath("pages", name).read_text(encoding="utf-8").strip()


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file("acts.html.j2"))
