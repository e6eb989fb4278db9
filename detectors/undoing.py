"""What has taken a fact back, in words for whoever was told of it?

An officer who is told to stop must be able to say why: a re-test that passed is no correction of
data.
"""

from detectors.events import (
    ComplaintClosed,
    Event,
    NeighbourDensity,
    NeighbourTrouble,
    ObjectionChanged,
    Op,
    PenaltyFollowed,
    Reinspected,
)
from detectors.warning import CORRECTED

_WORDS = {
    Reinspected: "复检合格",
    PenaltyFollowed: "行政处罚决定被撤销",
    ObjectionChanged: "经异议、复议或诉讼程序撤销",
    ComplaintClosed: "投诉未受理、已撤回或被认定为恶意",
    NeighbourTrouble: "关联情形更正",
    NeighbourDensity: "关联情形更正",
}


def undone_by(event: Event) -> str:
    """Return what an event that takes facts back has found, in Chinese.

    >>> from detectors.events import FoodIncident, event_of
    >>> import datetime as dt
    >>> said = {"id": "1", "source": "s", "subject": "x", "time": dt.datetime.now(dt.UTC)}
    >>> undone_by(event_of(Reinspected(sample_no="S1", passed=True), **said))
    '复检合格'
    >>> undone_by(event_of(FoodIncident(people=1, op=Op.REVOKE, supersedes="1"), **said))
    '数据源撤回该项记录'
    """
    if event.data.op is Op.UPDATE:
        return CORRECTED
    words = _WORDS.get(type(event.data))
    if words is not None:
        return words
    return "数据源撤回该项记录" if event.data.op is Op.REVOKE else CORRECTED
