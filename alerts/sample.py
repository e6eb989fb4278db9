"""Is the roster still the shipped sample, and do all names belong to one county?

The shipped people, numbers and template codes are invented, but a carrier takes them for real:
``sample: true`` in a document says so, and whoever enters their own deletes the line.
"""

import re
from collections.abc import Iterator

from alerts.authority import Authority, AuthorityTree, Person
from alerts.knowledge import Fault
from alerts.sms_text import SmsBook

ROSTER, TEMPLATES = "authorities.yaml", "sms_templates.yaml"
# The shipped numbers; mailboxes of RFC 2606, under which nobody can ever have one.
_NUMBER = re.compile(r"1380000\d{4}")
_MAILBOX = re.compile(r"@(?:[\w-]+\.)*example(?:\.(?:org|com|net))?$")


def samples(tree: AuthorityTree, book: SmsBook) -> tuple[str, ...]:
    """Return the documents that are marked as samples."""
    marked = {ROSTER: tree.is_sample, TEMPLATES: book.sample}
    return tuple(name for name, is_sample in marked.items() if is_sample)


def own_bodies(tree: AuthorityTree) -> tuple[Authority, ...]:
    """Return the bureau that the duty desk belongs to, and those above it."""
    body = tree.body_of(tree.duty_desk)
    return (body, *tree.above(body))


def is_invented(person: Person) -> bool:
    """Whether somebody still has an address of the sample's.

    >>> is_invented(Person(id="a", name="王一", email="wang@yexian.example.org"))
    True
    """
    return bool(_NUMBER.fullmatch(person.phone) or _MAILBOX.search(person.email))


def is_short_for(short: str, name: str) -> bool:
    """Whether a short form takes its characters from a name, in order.

    >>> [is_short_for("叶县市监", f"{place}市场监督管理局") for place in ("叶县", "鲁山县")]
    [True, False]
    """
    rest = iter(name)
    return all(character in rest for character in short)


def leftovers(
    tree: AuthorityTree, book: SmsBook, *, office: str, sender: str, sender_name: str
) -> Iterator[Fault]:
    """Yield what a county that has entered its own names has left of another's.

    A signature may be a brand of a bureau's own, so these are doubts for a person, no refusals.
    """
    bodies = own_bodies(tree)
    ours = "、".join(body.name for body in bodies)
    if not any(is_short_for(book.signature, body.name) for body in bodies):
        fact = f"【{book.signature}】 is no short form of {ours}"
        yield Fault(
            TEMPLATES,
            "signature",
            fact,
            "请写运营商为贵局批准的签名。enter the one that the carrier approved for you",
        )
    if office and tree.find(office) not in bodies:
        remedy = (
            "请写全称，或不写（由值班室所在的局署名）。"
            "write the full name, or nothing: the duty desk's bureau then signs"
        )
        yield Fault("settings", "notify.office", f"{office!r} is none of {ours}", remedy)
    if "局" in sender_name and not any(body.name in sender_name for body in bodies):
        fact = f"{sender_name!r} names none of {ours}"
        yield Fault("settings", "email.sender_name", fact, "请写本局的名称。name your own bureau")
    if tree.is_sample:
        return  # said once for all of them
    if _MAILBOX.search(sender):
        fact = f"{sender} is an example, no mail server takes it"
        yield Fault(
            "settings", "email.sender", fact, "请写发信的邮箱。enter the mailbox that sends"
        )
    people = [person for person in tree.people if is_invented(person)]
    if people:
        names = "、".join(person.name for person in people[:5])
        fact = f"{len(people)} people still have a sample's address ({names} …)"
        yield Fault(
            ROSTER, "people", fact, "请换成本人的，或删去这些人。enter their own, or take them out"
        )
