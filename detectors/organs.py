"""Which names are one organ's?  ``organs.yaml`` as checked data.

Two feeds carry one decision, one signed 叶县市监局, one 叶县市场监督管理局.  A document is known by
its organ and its number, so both must come to one name; it is also the name by which an approver
is found in ``authorities.yaml``.
"""

import dataclasses
import unicodedata

from detectors.functions import Names, Strict

FILE = "organs.yaml"
# China has some three thousand counties; a source that makes up names must not fill the memory.
MOST_NAMES = 10_000


class OrganDocument(Strict, frozen=True):
    """What the file states.

    ``endings`` maps a short or former ending to the official one, the longest first.  ``above``
    are the provinces and cities that may stand before a name, ``below`` the places whose names are
    clear without them.  ``aliases`` maps a whole name to another.
    """

    version: str
    endings: dict[str, str]
    above: Names
    below: Names
    aliases: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Organs:
    """The names of organs; each is worked out once, for a few thousand come again and again."""

    document: OrganDocument
    _known: dict[str, str] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def plain(self, name: str) -> str:
        """Return the official name of an organ; one that nothing speaks of, as it is written."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= MOST_NAMES:
                self._known.clear()
            known = self._known[name] = self._official(name)
        return known

    def _official(self, name: str) -> str:
        aliases = self.document.aliases
        text = squeezed(name)
        if text in aliases:
            return aliases[text]
        for ending, official in sorted(self.document.endings.items(), key=lambda one: -len(one[0])):
            if text.endswith(ending):
                # 审批局 ends 行政审批局 too, which is official already.
                if not (official.endswith(ending) and text.endswith(official)):
                    text = text[: -len(ending)] + official
                break
        for place in self.document.above:
            rest = text.removeprefix(place)
            if rest != text and rest.startswith(self.document.below):
                text = rest
        return aliases.get(text, text)

    def problems(self) -> list[str]:
        """Return the entries that contradict each other or never apply, each with its place."""
        document = self.document
        said = {"endings": document.endings, "aliases": document.aliases}
        problems = [
            f"{FILE}: {part}: {name!r} can never be met; names are compared without spaces and "
            f"full-width letters; 请写 {squeezed(name)!r}。write that"
            for part, names in said.items()
            for name in names
            if squeezed(name) != name
        ]
        problems += [
            f"{FILE}: {part}.{name}: {official!r} is itself renamed, to {self.plain(official)!r}; "
            f"请直接写后者。name that"
            for part, names in said.items()
            for name, official in names.items()
            if self.plain(official) != official
        ]
        problems += [
            f"{FILE}: {part}.{name}: stands for itself; 与自己同名，请删去。take it out"
            for part, names in said.items()
            for name, official in names.items()
            if name == official
        ]
        return problems


def squeezed(name: str) -> str:
    """Return a name without spaces and in half-width letters and brackets.

    >>> squeezed("叶县　市监局（本级）")
    '叶县市监局(本级)'
    """
    return "".join(unicodedata.normalize("NFKC", name).split())
