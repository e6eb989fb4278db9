"""What is registered with the stand-in gateway: our signature and our templates."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from alerts.authority import AuthorityTree
from alerts.sms_text import SmsBook
from config.load import load_documents, load_settings
from config.schema import Settings
from streams.assembly import build_desk
from streams.devstack.sms_rules import Dysms, Mas

ACCESS_KEY, SECRET = "devstack", "devstack-secret"
EC_NAME, SIGN_CODE = "开发环境", "devstack-sign"
# The real one stops at fifty a day for a number and template; a county of sixty days in a minute
# would stand still.  Tests of the limit set it themselves.
DAILY_LIMIT = 100_000


def account_of(book: SmsBook, people: Mapping[str, str]) -> Dysms:
    """Return the account as an operator registers it once; ``people`` names the numbers."""
    return Dysms(
        access_key_id=ACCESS_KEY,
        access_key_secret=SECRET,
        signatures=frozenset({book.signature}),
        templates={one.code: one.text for one in book.templates.values()},
        people=dict(people),
        daily_limit=DAILY_LIMIT,
        mas=Mas(
            ec_name=EC_NAME, ap_id=ACCESS_KEY, secret_key=SECRET, signs={SIGN_CODE: book.signature}
        ),
    )


def people_of(tree: AuthorityTree) -> dict[str, str]:
    """Return who has which number: the page of the phone shows names and masked numbers."""
    return {
        person.phone: f"{authority.short_name} {person.name}"
        for authority in tree.authorities
        for person in (tree.holder(seat) for seat in authority.seats)
        if person is not None and person.phone
    }


def write_account(path: Path, *, knowledge: str = "") -> Path:
    """Write the account of a folder of knowledge, else of the shipped one; return the path."""
    desk = build_desk(load_documents(Path(knowledge) if knowledge else None), Settings())
    path.write_bytes(msgspec.json.encode(account_of(desk.book, people_of(desk.tree))))
    return path


def main(words: Sequence[str] | None = None) -> None:
    """Write the account of the settings' knowledge: ``python -m streams.devstack.account FILE``."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("file", type=Path)
    write_account(reader.parse_args(words).file, knowledge=load_settings(None).knowledge)


if __name__ == "__main__":
    main()
