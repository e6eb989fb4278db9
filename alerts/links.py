"""Where does the button of a letter lead, and who is it that comes back by it?

A link names the warning and the person, and is sealed: nobody can make one for another.  It is as
good as a signature for whoever holds it, so it stands in mails only, which people are told not to
pass on.
"""

import base64
import hashlib
import hmac

import msgspec

# Half of SHA-256: 128 bits cannot be guessed, and a link stays on two lines.
SEAL_BYTES = 16


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """Who may look at and act on which warning, or which batch: ids and codes, no names."""

    warning_id: str
    authority: str
    person: str


class Links:
    """Makes links to the page of a warning, and reads what comes back."""

    def __init__(self, secret: str, *, base: str) -> None:
        """Take the secret, and where the page is reached from people's desks."""
        if not secret or not base:
            raise ValueError("links need a secret and an address")
        self._secret = secret.encode()
        self._base = base.rstrip("/")

    def to(self, ticket: Ticket) -> str:
        """Return the link of a ticket."""
        return f"{self._base}/w/{self.token(ticket)}"

    def token(self, ticket: Ticket) -> str:
        """Return a ticket with its seal, fit for an address."""
        said = msgspec.json.encode([ticket.warning_id, ticket.authority, ticket.person])
        return f"{_text(said)}.{_text(self._seal(said))}"

    def read(self, token: str) -> Ticket | None:
        """Return the ticket of a token, or None where it is not ours."""
        said, _, seal = token.partition(".")
        try:
            raw, sealed = _bytes(said), _bytes(seal)
        except ValueError:
            return None
        if not hmac.compare_digest(sealed, self._seal(raw)):
            return None
        warning_id, authority, person = msgspec.json.decode(raw, type=tuple[str, str, str])
        return Ticket(warning_id=warning_id, authority=authority, person=person)

    def _seal(self, said: bytes) -> bytes:
        return hmac.new(self._secret, b"sanzao/w/" + said, hashlib.sha256).digest()[:SEAL_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Return what a text encodes; one way of writing it is accepted, no other."""
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if _text(raw) != text:
        raise ValueError("not as we write it")
    return raw
