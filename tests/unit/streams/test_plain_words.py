"""Does every error that a person can mend say in Chinese what to do, and where it is?"""

import errno
import re

import pytest

from streams.plain_words import MENDABLE, in_plain_words
from streams.terminal import told_plainly

CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")


@pytest.mark.parametrize(
    "kind",
    [one for one in MENDABLE if one is not OSError],
    ids=lambda one: f"{one.__module__}.{one.__name__}",
)
def test_each_error_says_what_to_do_before_it_says_where(kind):
    """A bureau's person reads the remedy first; the place stands behind it, word for word."""
    told = in_plain_words(kind("rules.yaml: W03: hole"))

    remedy, _, place = told.partition("。")
    assert CHINESE.search(remedy)
    assert place.replace("\n", "") == "rules.yaml: W03: hole"  # holes stand one a line


@pytest.mark.parametrize(
    ("number", "told"),
    [
        pytest.param(errno.ENOENT, "找不到文件 a.csv", id="not there"),
        pytest.param(errno.EACCES, "无权读写 a.csv", id="not allowed"),
        pytest.param(errno.EISDIR, "a.csv 是目录", id="a folder"),
        pytest.param(errno.ENOSPC, "磁盘已满", id="a full disk"),
        pytest.param(errno.EROFS, "只读", id="a disk that cannot be written"),
    ],
)
def test_what_the_system_refuses_is_told_with_its_file(number, told):
    """The file, and what to look at."""
    assert told in in_plain_words(OSError(number, "refused", "a.csv"))


def test_what_the_system_says_otherwise_is_passed_on():
    """An error of no known kind is not dressed up."""
    assert in_plain_words(OSError(errno.EPIPE, "Broken pipe")) == "[Errno 32] Broken pipe"


def test_a_fault_of_ours_keeps_its_traceback():
    """Only what a person can mend is told plainly."""
    with pytest.raises(ZeroDivisionError), told_plainly():
        raise ZeroDivisionError
