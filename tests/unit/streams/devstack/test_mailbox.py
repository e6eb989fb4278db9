"""A mailbox keeps what came, as it came, and shows it without trusting it."""

import datetime as dt

import pytest

from streams.devstack.loopback_web import page
from streams.devstack.mailbox import Mail, Mailbox

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def letter(message_id="<a@x>", *, subject="hello", body="text", **headers):
    """Return a mail as bytes on the wire."""
    lines = [f"Message-ID: {message_id}", f"Subject: {subject}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body, ""]).encode()


def keep(box, content, *, to=("li@x",)):
    """Deliver one mail at noon."""
    return box.keep(content, sender="sanzao@x", recipients=to, at=NOON)


def test_duplicates_are_kept(tmp_path):
    """The same mail that came twice is there twice."""
    box = Mailbox(tmp_path)
    keep(box, letter())
    keep(box, letter())

    assert [mail.as_json()["message_id"] for mail in box.mails] == ["<a@x>", "<a@x>"]


def test_folder_alone_is_the_mailbox(tmp_path):
    """A mailbox that is opened again on the same folder tells the same."""
    box = Mailbox(tmp_path)
    keep(box, letter(X_Sanzao_Grade="inspection"), to=("li@x", "zhang@x"))

    assert Mailbox(tmp_path).mails[0].as_json() == {
        "number": 1,
        "message_id": "<a@x>",
        "from": "sanzao@x",
        "to": ["li@x", "zhang@x"],
        "subject": "hello",
        "thread": "<a@x>",
        "received_at": "2026-07-01T12:00:00+00:00",
        "headers": {"X-Sanzao-Grade": "inspection"},
        "text": "text\r\n",
    }


def test_own_lines_cannot_be_forged(tmp_path):
    """A mail that carries our envelope lines itself does not change who got it."""
    mail = keep(Mailbox(tmp_path), letter(X_Mailbox_To="forged@x"))

    assert mail.recipients[0] == "li@x"


def test_conversation_is_one_thread(tmp_path):
    """Answers belong to the mail that began it, whichever header says so; newest thread first."""
    box = Mailbox(tmp_path)
    keep(box, letter("<a@x>"))
    keep(box, letter("<b@x>"))
    keep(box, letter("<c@x>", References="<a@x> <z@x>", In_Reply_To="<z@x>"))
    keep(box, letter("<d@x>", In_Reply_To="<a@x>"))

    threads = {name: [mail.number for mail in mails] for name, mails in box.threads().items()}

    assert list(threads.items()) == [("<a@x>", [1, 3, 4]), ("<b@x>", [2])]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing at all"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(letter(Content_Type="text/plain; charset=klingon"), id="unknown charset"),
    ],
)
def test_any_bytes_make_a_mail(tmp_path, content):
    """Whatever a sender managed to send is kept and can be told."""
    mail = keep(Mailbox(tmp_path), content)

    assert mail.as_json()["number"] == 1
    assert isinstance(mail.body("plain"), str)


def test_page_trusts_no_mail(tmp_path):
    """Markup in a subject, an address or a body is shown, never run."""
    box = Mailbox(tmp_path)
    evil = "<script>alert(1)</script>"
    keep(box, letter(subject=evil, body=evil, X_Sanzao_Id=evil), to=(evil,))

    shown = page(
        "mailbox.html",
        threads=box.threads(),
        open_thread="<a@x>",
        mails=box.mails,
        count=1,
    )

    assert evil not in shown.text
    assert shown.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    assert "'unsafe-inline'" not in shown.headers["Content-Security-Policy"].split("script-src")[1]


def test_mail_without_an_id_is_a_thread_of_its_own():
    """Two mails that say nothing of themselves are not one conversation."""
    first, second = Mail.read(1, b"\r\n"), Mail.read(2, b"\r\n")

    assert first.thread != second.thread
