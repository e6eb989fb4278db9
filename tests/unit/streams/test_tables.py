"""Can a list be read at a narrow terminal, whatever its cells say?"""

import io

from rich.console import Console

from streams.tables import ROWS_SHOWN, how_many, table


def printed(*cells, width):
    """Return what a terminal of a width shows of one row."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table(("编号", "企业", "原因"), [cells]))
    return console.file.getvalue()


def test_what_is_copied_stays_in_one_piece_and_nothing_is_left_out():
    """At sixty columns the number is whole, and of a long name every character is there."""
    number, name = (
        "n-bd0fb8db8e0304417ac75b02",
        "叶县城关乡惠民生活超市连锁经营管理有限公司第二分公司",
    )

    shown = printed(number, name, "对方没有按时应答", width=60)

    assert number in shown
    assert "…" not in shown
    assert set(name) <= set(shown)


def test_a_name_is_no_markup():
    """A name in brackets is neither a style that hides it nor an error."""
    assert "[/]惠民[red]" in printed("1", "[/]惠民[red]", "", width=80)


def test_a_long_list_says_where_the_rest_is():
    """Whoever sees two hundred of a thousand must not take them for all."""
    assert how_many("messages", range(ROWS_SHOWN)) == f"messages={ROWS_SHOWN}"
    assert "--csv" in how_many("messages", range(ROWS_SHOWN + 1))
