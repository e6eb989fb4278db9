"""The knowledge that ships with the product, read once."""

from pathlib import Path

import pytest
import yaml

from alerts.authority import AuthorityTree, parse_authorities
from alerts.ladder import Ladder, parse_ladder
from alerts.rendering import TEMPLATE_NAMES, Renderer
from alerts.sms_text import SmsBook, parse_sms_book
from detectors.working_days import WorkingDays, parse_calendar

ROOT = Path(__file__).parents[3]


def _document(name):
    """Return a knowledge document as a plain mapping."""
    return yaml.safe_load((ROOT / "config" / "knowledge" / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def authorities_document():
    """The shipped roster, as YAML gives it."""
    return _document("authorities.yaml")


@pytest.fixture(scope="session")
def tree(authorities_document) -> AuthorityTree:
    """The shipped tree."""
    return parse_authorities(authorities_document)


@pytest.fixture(scope="session")
def ladder() -> Ladder:
    """The shipped ladder."""
    return parse_ladder(_document("ladder.yaml"))


@pytest.fixture(scope="session")
def book() -> SmsBook:
    """The shipped SMS templates."""
    return parse_sms_book(_document("sms_templates.yaml"))


@pytest.fixture(scope="session")
def sources() -> dict[str, str]:
    """The shipped templates of letters."""
    folder = ROOT / "alerts" / "templates"
    return {name: (folder / name).read_text(encoding="utf-8") for name in TEMPLATE_NAMES}


@pytest.fixture(scope="session")
def calendar() -> WorkingDays:
    """The shipped calendar."""
    return parse_calendar(_document("calendar.yaml"))


@pytest.fixture(scope="session")
def renderer(book, sources, calendar) -> Renderer:
    """A renderer over the shipped templates."""
    return Renderer(
        book,
        sources,
        calendar=calendar,
        office="叶县市场监督管理局",
        system_url="https://sanzao.example.org",
    )
