"""Can the operators' pages be followed: do their commands, settings, files and links exist?"""

import re

import pytest
import typer.main

from alerts.sms_text import NEEDED_TEMPLATES
from config.schema import Settings
from streams.cli import app
from tests.composed import ROOT, composed

DOCS = ROOT / "docs"
GUIDE = (DOCS / "going-live.md").read_text(encoding="utf-8")
RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")


def anchors(text):
    """Return the places of a page that a link can lead to, as GitHub names them.

    >>> anchors("## Redis lost or empty")
    {'redis-lost-or-empty'}
    """
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def commands():
    """Return every command of ``sanzao`` that the two pages give, as words."""
    told = re.findall(r"(?:`|\$ )sanzao ([a-z][a-z-]*(?: [a-z][a-z-]*\b(?!\.))?)", GUIDE + RUNBOOK)
    return sorted(set(told))


@pytest.mark.parametrize("told", commands())
def test_each_command_exists(told):
    """What a page types is a command; a second word is one of its own, or an argument."""
    first, *rest = told.split()
    group = typer.main.get_command(app)

    assert first in group.commands
    if rest and hasattr(group.commands[first], "commands"):
        assert rest[0] in group.commands[first].commands


def test_each_setting_exists():
    """A misspelt setting in the guide would be refused by the worker of whoever follows it."""
    sections = {
        name: getattr(Settings(), name).__struct_fields__
        for name in Settings.__struct_fields__
        if hasattr(getattr(Settings(), name), "__struct_fields__")
    }
    told = re.findall(rf"`({'|'.join(sections)})\.(\w+)`", GUIDE)

    assert len(set(told)) > 8
    assert [(of, name) for of, name in told if name not in sections[of]] == []


def test_each_template_is_tried():
    """A carrier approves every template by itself, so the guide names them all."""
    assert [name for name in NEEDED_TEMPLATES if not re.search(rf"[ `]{name}`", GUIDE)] == []


def test_each_file_of_the_checklist_is_shipped():
    """`etc/` is a copy of `config/`: what is to be edited there is here."""
    told = set(re.findall(r"(?<!/)etc/((?:[\w.-]+/)*[\w-]+\.ya?ml)", GUIDE))

    assert len(told) >= 8
    assert [name for name in told if not (ROOT / "config" / name).exists()] == []


def test_each_secret_of_compose_is_made():
    """Compose does not start without a file for every secret; the guide makes them."""
    secrets = composed("docker-compose.yml")["secrets"]

    assert [name for name in secrets if f"secrets/{name}" not in GUIDE] == []


@pytest.mark.parametrize("page", ["going-live.md", "runbook.md"])
def test_links_lead_somewhere(page):
    """A link of an operator's page goes to a file that is there, and to a heading in it."""
    text = (DOCS / page).read_text(encoding="utf-8")

    for path, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        target = DOCS / path if path else DOCS / page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), anchor
