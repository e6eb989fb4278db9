"""Do the documents that are made from the code say what the code says?"""

import pytest

from tests.regenerate import DOCS, tables, with_tables


@pytest.mark.parametrize("name", sorted(tables()))
def test_a_table_is_what_the_code_makes(name):
    """A table between the marks is made by `python -m tests.regenerate`, not edited by hand."""
    text = (DOCS / name).read_text(encoding="utf-8")

    assert text == with_tables(text, tables()[name])
