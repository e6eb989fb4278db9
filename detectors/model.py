"""How does the model learn?  Several experts on the same examples, one weighted word.

Beside them learns the one for those who assess: it sees what is known of an enterprise before
anybody goes there, and nothing of the look itself.  Leaving a regression's form and inspector out
afterwards would leave holes in the rest; one that never saw them has none.

Prequential: what was said before the outcome is held against it, then it is learned.  Where a
question came first (a look has begun), what was said then is what counts: an outcome that comes
late must not be judged by a model that has learned its neighbours meanwhile.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from detectors import experts, tides
from detectors.example import Example
from detectors.experts import (
    BIAS,
    KEEP_ONE_IN,
    MEMBERS,
    MEMORY_LOOKS,
    Linear,
    Memory,
    Newton,
    Relearned,
)
from detectors.facts import DAY_S
from detectors.features import FEATURES_VERSION, NAMES
from detectors.inputs import CLIP, FIXED, Inputs, Scale, flags_of, of_enterprise
from detectors.learned import IncompatibleSnapshotError, Number, Snapshot
from detectors.model_health import Health
from detectors.quota import Quota
from detectors.tides import Tides
from detectors.weighting import Weighting, log_loss, probability

NOTEBOOK_SCHEMA = 2
# Looks under way in a domain, and results that come a month late; the oldest goes.
MOST_QUESTIONS = 4096
LOSS_LOOKS = 1000
# What an interaction would be about; each further number makes a random split less likely to
# matter (measured: all numbers cost the forest .02 of ROC AUC on both cities).
ROW = (
    *tides.NAMES, "past_rate", "recent_rate", "since_look", "severity_2y", "last_severity",
    "failed_30d", "age", "complaints_14d",
)  # fmt: skip
SAMPLED = math.log(KEEP_ONE_IN)
# The groups that an enterprise itself belongs to.
OFFSETS = ("category", "place", "town")


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A look whose outcome is not known yet: what was seen, and what each expert said."""

    fixed: list[float]
    context: dict[str, float]
    said: dict[str, float]
    pooled: float


class Notebook(msgspec.Struct, frozen=True, kw_only=True):
    """All that the learner of one domain must keep to go on exactly, apart from the kept rows.

    Shapes:
        ``positions`` map "epoch/partition" of the event log to the last offset learned: an
        example sent twice is learned once.  ``rows`` counts the examples kept for the experts
        that are relearned (``detectors.experts.Relearned``); ``any_look`` is the expert for those
        who assess.

    Units:
        ``learned_until`` and ``clock``, the latest moment of any look, are event time in seconds.
    """

    domain: str
    members: list[str]
    examples: int = 0
    learned_until: int = 0
    clock: int = 0
    rows: int = 0
    positions: dict[str, int] = {}
    log_loss: float = 0.0
    scale: dict[str, list[float]] = {}
    columns: list[str] = []
    flags: list[str] = []
    tides: dict[str, list[float]] = {}
    linear: dict[str, Memory] = {}
    any_look: Memory = msgspec.field(default_factory=Memory)
    losses: dict[str, float] = {}
    quota: dict[str, list[int]] = {}
    questions: dict[str, Question] = {}
    health: Health = msgspec.field(default_factory=Health)
    schema: int = NOTEBOOK_SCHEMA
    features_version: int = FEATURES_VERSION


class Learner:
    """The model of one domain.

    Shapes:
        State: a ``Notebook``, at most two generations of kept rows, and the experts made of them.
        ``fresh`` are the rows kept since they were last taken, as bytes.
    """

    def __init__(
        self,
        domain: str,
        *,
        members: Sequence[str] = MEMBERS,
        notebook: Notebook | None = None,
        rows: Sequence[bytes] = (),
    ) -> None:
        book = notebook or Notebook(domain=domain, members=list(members))
        self.domain = domain
        self.members = tuple(members)
        self.examples, self.learned_until = book.examples, book.learned_until
        self._clock = book.clock
        self.positions = dict(book.positions)
        self.log_loss = book.log_loss
        self.health = msgspec.convert(msgspec.to_builtins(book.health), Health)
        self.quota = Quota(book.quota)
        self.fresh: list[bytes] = []
        self._rows = book.rows
        self._questions = dict(book.questions)
        self._inputs = Inputs(
            scale=Scale(book.scale),
            tide=Tides(book.tides),
            columns=book.columns or FIXED,
            flags=book.flags,
        )
        self._weighting = Weighting(self.members, book.losses)
        self._any_look = Newton(memory_looks=MEMORY_LOOKS, memory=book.any_look)
        self._linear: dict[str, Linear] = {}
        self._relearned: dict[str, Relearned] = {}
        for name in self.members:
            linear, other = experts.linear(name, book.linear.get(name)), experts.relearned(name)
            if linear is not None:
                self._linear[name] = linear
            if other is not None:
                # Older rows may be of another version, whose notebook was not read.
                kept = rows[max(0, len(rows) - self._rows) :]
                other.resume(self._rows, [experts.unpacked_row(row) for row in kept])
                self._relearned[name] = other

    def has_learned(self, example: Example) -> bool:
        """Return whether this very example is already in the model."""
        known = self.positions.get(f"{example.epoch}/{example.partition}", -1)
        return example.offset <= known

    def predict(self, example: Example) -> float:
        """Return P(problem) for a look, without learning or remembering anything."""
        return probability(self._weighting.pool(self.voices(example)))

    def predict_any_look(self, example: Example) -> float:
        """Return P(problem) for a look of which nothing is known: what a ``Scorer`` says."""
        seen = self._inputs.seen(self._inputs.numbers(example), example)
        return probability(self._any_look.log_odds(of_enterprise(seen)))

    def voices(self, example: Example) -> dict[str, float]:
        """Return the log odds that each expert says; who has learned nothing yet is left out."""
        return self._said(self._inputs.seen(self._inputs.numbers(example), example))

    def numbers(self, example: Example) -> dict[str, float]:
        """Return what the experts learn from, unscaled, with a one for each name it stands under.

        For those who compare us with models of their own.
        """
        return self._inputs.numbers(example) | dict.fromkeys(flags_of(example), 1.0)

    def said(self, example: Example) -> dict[str, float]:
        """Return what the experts said when they were asked of this look, or say now."""
        question = self._questions.get(_look(example))
        return dict(question.said) if question is not None else self.voices(example)

    def ask(self, example: Example) -> float:
        """Note what is said of a look before its outcome is known; return P(problem)."""
        question = self._question(example)
        self._questions[_look(example)] = question
        if len(self._questions) > MOST_QUESTIONS:
            del self._questions[next(iter(self._questions))]
        self._note_place(example)
        return probability(question.pooled)

    def learn(self, example: Example) -> float:
        """Learn an outcome; return the probability that was said *before* it.

        Above the quota of its enterprise or informant it is counted, and teaches nothing.
        """
        question = self._questions.pop(_look(example), None) or self._question(example)
        self._note_place(example)
        found = bool(example.found)
        if self.quota.admits(example):
            self._judge(question, found=found)
            self._teach(question, example, found=found)
        self.examples += 1
        self.learned_until = max(self.learned_until, example.at)
        return probability(question.pooled)

    def _question(self, example: Example) -> Question:
        numbers = self._inputs.numbers(example)
        said = self._said(self._inputs.seen(numbers, example))
        fixed = [numbers.pop(name) for name in FIXED]
        return Question(fixed, numbers, said, self._weighting.pool(said))

    def _said(self, seen: Mapping[str, float]) -> dict[str, float]:
        said = {name: expert.log_odds(seen) for name, expert in self._linear.items()}
        if self._relearned:
            row = _row(seen)
            for name, expert in self._relearned.items():
                log_odds = expert.log_odds(row)
                if log_odds is not None:
                    said[name] = log_odds - SAMPLED
        return said or dict.fromkeys(self.members, 0.0)

    def _judge(self, question: Question, *, found: bool) -> None:
        self._weighting.learn(question.said, found=found)
        self.health.learn(question.pooled, found=found)
        loss = log_loss(question.pooled, found=found)
        self.log_loss += (loss - self.log_loss) / min(self.examples + 1, LOSS_LOOKS)

    def _teach(self, question: Question, example: Example, *, found: bool) -> None:
        numbers = dict(zip(FIXED, question.fixed, strict=True)) | question.context
        self._inputs.learn(numbers, example)
        seen = self._inputs.seen(numbers, example)
        for expert in self._linear.values():
            expert.learn(seen, found=found)
        self._any_look.learn(of_enterprise(seen), found=found)
        if self._relearned and (found or self.examples % KEEP_ONE_IN == 0):
            raw = experts.packed_row(_row(seen), found=found)
            row, _ = experts.unpacked_row(raw)  # what a restart will read
            for other in self._relearned.values():
                other.learn(row, found=found)
            self.fresh.append(raw)
            self._rows += 1
        self._inputs.tides.learn(example)

    def _note_place(self, example: Example) -> None:
        place = f"{example.epoch}/{example.partition}"
        self.positions[place] = max(self.positions.get(place, -1), example.offset)
        self._clock = max(self._clock, example.at)

    def notebook(self) -> Notebook:
        """Return all that the learner must keep, as data."""
        inputs = self._inputs
        return Notebook(
            domain=self.domain,
            members=list(self.members),
            examples=self.examples,
            learned_until=self.learned_until,
            clock=self._clock,
            rows=self._rows,
            positions=self.positions,
            log_loss=self.log_loss,
            scale=inputs.scale.moments,
            columns=inputs.columns,
            flags=list(inputs.flags),
            tides=inputs.tides.counts,
            linear={name: expert.memory() for name, expert in self._linear.items()},
            any_look=self._any_look.memory(),
            losses=self._weighting.losses,
            quota=self.quota.moments,
            questions=self._questions,
            health=self.health,
        )

    def snapshot(self) -> Snapshot:
        """Return the expert of any look, folded, for those who assess.

        Tides ebb with time: they stand as of the last look asked of or learned.
        """
        weights = self._any_look.weights()
        scale, tide = self._inputs.scale, self._inputs.tides
        day = self._clock / DAY_S
        base = tide.rates("all\t", day, (tides.PRIOR_RATE,) * len(tides.SPANS))
        bias = weights[BIAS]
        for name, log_odds in tide.level(base).items():
            bias += weights.get(name, 0.0) * scale.one(name, log_odds)
        offsets = {name: weights[name] for name in of_enterprise(self._inputs.flags)}
        calm = dict.fromkeys(tides.NAMES[len(tides.SPANS) :], 0.0)
        bias += sum(weights.get(name, 0.0) * scale.one(name, 0.0) for name in calm)
        for group in tide.counts:
            kind, key = group.split("\t", 1)
            if kind in OFFSETS:
                name = f"{kind}={key}"
                offsets[name] = offsets.get(name, 0.0) + sum(
                    weights.get(one, 0.0) * (scale.one(one, log_odds) - scale.one(one, 0.0))
                    for one, log_odds in tide.tide(kind, key, day, base).items()
                )
        return Snapshot(
            domain=self.domain,
            examples=self.examples,
            learned_until=self.learned_until,
            bias=bias,
            numbers=[self._number(name, weights) for name in NAMES],
            offsets=offsets,
            shares=dict(self._weighting.weights),
            log_loss=self.log_loss,
        )

    def _number(self, name: str, weights: Mapping[str, float]) -> Number:
        count, mean, squares = self._inputs.scale.moments.get(name, (1.0, 0.0, 0.0))
        return Number(mean, math.sqrt(max(0.0, squares) / count), weights.get(name, 0.0))


def encode(notebook: Notebook) -> bytes:
    """Return the notebook as msgpack."""
    return msgspec.msgpack.encode(notebook)


def decode(raw: bytes) -> Notebook:
    """Return a stored notebook.

    Raises:
        IncompatibleSnapshotError: of another version of this program, or no notebook at all.
    """
    try:
        notebook = _DECODER.decode(raw)
    except msgspec.DecodeError as error:
        raise IncompatibleSnapshotError(f"no learner's notebook: {error}") from error
    if (notebook.schema, notebook.features_version) != (NOTEBOOK_SCHEMA, FEATURES_VERSION):
        raise IncompatibleSnapshotError(
            f"the notebook of {notebook.domain} has schema {notebook.schema} and features "
            f"{notebook.features_version}; this program reads {NOTEBOOK_SCHEMA} and "
            f"{FEATURES_VERSION}"
        )
    return notebook


_DECODER = msgspec.msgpack.Decoder(Notebook)


def _look(example: Example) -> str:
    return example.look or example.id


def _row(seen: Mapping[str, float]) -> list[float]:
    """Return what the relearned experts see, each number between 0 and 1."""
    return [(seen.get(name, 0.0) + CLIP) / (2 * CLIP) for name in ROW]
