"""Where does the mail of a demo or a test go, and who can read it?

A real SMTP server on loopback keeps every accepted mail as a file, and a page shows them by
thread.  It never drops a duplicate: a mail that came twice is there twice, for a test to count.
A login with any name and password is accepted, and needs no TLS; there is none.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import email
import email.policy
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import msgspec
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from streams.devstack.loopback_web import announced_until_told_to_stop, fault_routes, page, served
from streams.devstack.processes import LOOPBACK, announcing

MAX_MAIL_BYTES = 10 * 1024 * 1024  # what common public mail servers take at least

# The envelope and the moment, written above the mail as other servers write Received: the
# folder alone is enough to read the mailbox again.
CAME_AT, CAME_FROM, CAME_TO = "X-Mailbox-At", "X-Mailbox-From", "X-Mailbox-To"


class Faults(msgspec.Struct, forbid_unknown_fields=True):
    """What the server does wrong from now on; nothing by default.

    ``refuse``: recipients that do not exist (550).  ``greylist``: so many of the next RCPT
    commands are told to come again (451).  ``slow_s``: seconds before a mail is taken.
    ``lose_reply``: so many of the next mails are kept, and the connection dies before the sender
    hears of it: whoever sends again makes a duplicate.
    """

    refuse: set[str] = msgspec.field(default_factory=set)
    greylist: int = 0
    slow_s: float = 0.0
    lose_reply: int = 0


@dataclass(frozen=True, slots=True)
class Mail:
    """One delivery: the message as it came, numbered in order of arrival."""

    number: int
    raw: bytes
    message: EmailMessage

    @classmethod
    def read(cls, number: int, raw: bytes) -> Self:
        """Return the mail that a file of the folder holds."""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return cls(number, raw, message)

    def says(self, header: str) -> str:
        """Return a header as text, empty when the mail has none."""
        return " ".join(str(self.message.get(header, "")).split())

    @property
    def received_at(self) -> dt.datetime:
        """Return when the server took it."""
        return dt.datetime.fromisoformat(self.says(CAME_AT))

    @property
    def sender(self) -> str:
        """Return the address of the envelope, which may differ from the From line."""
        return self.says(CAME_FROM)

    @property
    def recipients(self) -> list[str]:
        """Return the addresses of the envelope, blind copies among them."""
        return self.says(CAME_TO).split()

    @property
    def thread(self) -> str:
        """Return the message id that began the conversation: its own when it answers nothing."""
        earlier = self.says("References") or self.says("In-Reply-To") or self.says("Message-ID")
        return earlier.split()[0] if earlier else f"<without-id-{self.number}>"

    def body(self, kind: str) -> str:
        """Return the ``plain`` or the ``html`` body, empty when there is none."""
        part = self.message.get_body(preferencelist=(kind,))
        if part is None:
            return ""
        try:
            return str(part.get_content())
        except LookupError:  # a charset that nobody knows: better odd letters than no mail
            return (part.get_payload(decode=True) or b"").decode(errors="replace")  # type: ignore[union-attr]

    def as_json(self) -> dict[str, Any]:
        """Return what ``/api/messages`` tells of it."""
        return {
            "number": self.number,
            "message_id": self.says("Message-ID"),
            "from": self.sender,
            "to": self.recipients,
            "subject": self.says("Subject"),
            "thread": self.thread,
            "received_at": self.received_at.isoformat(),
            "headers": {
                name: self.says(name)
                for name in self.message
                if name.lower().startswith("x-sanzao-")
            },
            "text": self.body("plain"),
        }


@dataclass
class Mailbox:
    """The mails of a folder, and the faults of the server that fills it."""

    folder: Path
    faults: Faults = field(default_factory=Faults)
    mails: list[Mail] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(sorted(self.folder.glob("*.eml")), start=1):
            self.mails.append(Mail.read(number, file.read_bytes()))

    def keep(
        self, content: bytes, *, sender: str, recipients: Sequence[str], at: dt.datetime
    ) -> Mail:
        """Store one delivery and return it; it is on the disk before the sender hears of it."""
        number = len(self.mails) + 1
        head = f"{CAME_AT}: {at.isoformat()}\r\n{CAME_FROM}: {sender}\r\n"
        head += f"{CAME_TO}: {' '.join(recipients)}\r\n"
        raw = head.encode() + content
        draft = self.folder / f"{number:06d}.part"
        draft.write_bytes(raw)
        draft.rename(draft.with_suffix(".eml"))
        self.mails.append(Mail.read(number, raw))
        return self.mails[-1]

    def threads(self) -> dict[str, list[Mail]]:
        """Return the mails by thread: the thread with the newest mail first, old mails first."""
        found: dict[str, list[Mail]] = {}
        for mail in reversed(self.mails):
            found.setdefault(mail.thread, []).insert(0, mail)
        return found


@dataclass(frozen=True, slots=True)
class RunningMailbox:
    """Where a mailbox is reached; ``box`` is there only when it runs in this process."""

    smtp_port: int
    url: str
    box: Mailbox | None = None
    smtp_host: str = LOOPBACK


class _Postman:
    """What aiosmtpd asks while a mail comes in (the names of the methods are its own)."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take, refuse or put off a recipient."""
        del server, session, options
        faults = self._box.faults
        if address in faults.refuse:
            return "550 5.1.1 no such mailbox"
        if faults.greylist > 0:
            faults.greylist -= 1
            return "451 4.7.1 greylisted, come again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, then say so, unless a fault comes between."""
        del session
        faults = self._box.faults
        if faults.slow_s > 0:
            await asyncio.sleep(faults.slow_s)
        mail = self._box.keep(
            envelope.content,
            sender=envelope.mail_from or "<>",
            recipients=envelope.rcpt_tos,
            at=dt.datetime.now(dt.UTC),
        )
        if faults.lose_reply > 0:
            faults.lose_reply -= 1
            server.transport.abort()
        return f"250 2.0.0 kept as {mail.number:06d}"


@contextlib.asynccontextmanager
async def mailbox(
    folder: Path, *, smtp_port: int = 0, http_port: int = 0, faults: Faults | None = None
) -> AsyncIterator[RunningMailbox]:
    """Run a mailbox in this event loop until the block ends; port 0 takes a free one.

    Raises:
        OSError: a port is taken.
    """
    box = Mailbox(folder, faults or Faults())
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        """Return the conversation with one client."""
        return SMTP(
            _Postman(box),
            loop=loop,
            hostname="localhost",
            data_size_limit=MAX_MAIL_BYTES,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=lambda *_: AuthResult(success=True),
        )

    server = await loop.create_server(protocol, LOOPBACK, smtp_port)
    try:
        async with served(_web(box), port=http_port) as url:
            yield RunningMailbox(server.sockets[0].getsockname()[1], url, box)
    finally:
        server.close()


@contextlib.contextmanager
def mailbox_process(
    folder: Path, *, smtp_port: int = 0, http_port: int = 0
) -> Iterator[RunningMailbox]:
    """Run a mailbox as a process of its own until the block ends.

    Raises:
        ServerError: it did not start; its log in ``folder`` says why.
    """
    words = ("--smtp-port", str(smtp_port), "--http-port", str(http_port))
    with announcing(
        "streams.devstack.mailbox", *words, "--folder", folder.resolve(), name="mailbox",
        folder=folder,
    ) as said:  # fmt: skip
        yield RunningMailbox(said["smtp_port"], said["url"])


def _web(box: Mailbox) -> web.Application:
    """Return the page and the JSON of a mailbox."""

    def mail_of(request: web.Request) -> Mail:
        number = int(request.match_info["number"])
        if not 1 <= number <= len(box.mails):
            raise web.HTTPNotFound(text="no such mail")
        return box.mails[number - 1]

    async def show(request: web.Request) -> web.Response:
        threads = box.threads()
        wanted = request.query.get("thread") or next(iter(threads), "")
        return page(
            "mailbox.html",
            threads=threads,
            open_thread=wanted,
            mails=threads.get(wanted, []),
            count=len(box.mails),
        )

    async def messages(_: web.Request) -> web.Response:
        return web.json_response([mail.as_json() for mail in box.mails])

    async def count(_: web.Request) -> web.Response:
        return web.json_response(len(box.mails))

    async def raw(request: web.Request) -> web.Response:
        text = mail_of(request).raw.decode(errors="replace")
        return web.Response(text=text, headers={"X-Content-Type-Options": "nosniff"})

    async def html(request: web.Request) -> web.Response:
        # The mail's own markup: no script, no form, no request to anywhere, no origin.
        policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        return web.Response(
            text=mail_of(request).body("html"),
            content_type="text/html",
            headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"},
        )

    app = web.Application()
    app.add_routes(
        [
            web.get("/", show),
            web.get("/api/messages", messages),
            web.get("/api/count", count),
            *fault_routes(box),
            web.get(r"/messages/{number:\d+}/raw", raw),
            web.get(r"/messages/{number:\d+}/html", html),
        ]
    )
    return app


async def _run(options: argparse.Namespace) -> None:
    async with mailbox(
        options.folder, smtp_port=options.smtp_port, http_port=options.http_port
    ) as running:
        await announced_until_told_to_stop(smtp_port=running.smtp_port, url=running.url)


def main(words: Sequence[str] | None = None) -> None:
    """Run a mailbox until SIGTERM: ``python -m streams.devstack.mailbox --folder F``."""
    reader = argparse.ArgumentParser(description="A mailbox on loopback for demos and tests.")
    reader.add_argument("--smtp-port", type=int, default=0, help="0 takes a free one")
    reader.add_argument("--http-port", type=int, default=0, help="0 takes a free one")
    reader.add_argument("--folder", type=Path, required=True, help="keeps the mails as .eml")
    asyncio.run(_run(reader.parse_args(words)))


if __name__ == "__main__":
    main()
