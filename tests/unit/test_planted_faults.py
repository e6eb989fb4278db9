"""Would anybody notice?  Each fault that costs most is planted, and a law of ours must break."""

import contextlib
import functools
import importlib
import inspect
import types

import pytest

from streams.topics import Topic
from tests.scenarios import test_neighbours as neighbour_scenarios
from tests.unit.alerts import test_notification_row as row_laws
from tests.unit.detectors import test_four_eyes as four_eyes_laws
from tests.unit.streams import test_agents as agent_laws
from tests.unit.streams import test_assess as assess_laws
from tests.unit.streams import test_batch_page as batch_page_laws
from tests.unit.streams import test_batch_transport as transport_laws
from tests.unit.streams import test_chasing as chasing_laws
from tests.unit.streams import test_courier as courier_laws
from tests.unit.streams import test_heartbeat as heartbeat_laws
from tests.unit.streams import test_learning as learning_laws
from tests.unit.streams import test_neighbourhood as neighbour_laws
from tests.unit.streams import test_notifying as notifying_laws
from tests.unit.streams import test_signing as signing_laws
from tests.unit.streams import test_state_cache as cache_laws
from tests.unit.streams import test_warning_page as page_laws


def codes(source, name):
    """Return the code of every function in a module's source, by qualified name."""
    found, waiting = {}, [compile(source, name, "exec")]
    while waiting:
        code = waiting.pop()
        found[code.co_qualname] = code
        waiting += [one for one in code.co_consts if isinstance(one, types.CodeType)]
    return found


def functions(module):
    """Return the functions and methods that a module defines, by qualified name."""
    classes = [one for one in vars(module).values() if inspect.isclass(one)]
    return {
        one.__qualname__: one
        for owner in (module, *classes)
        for one in vars(owner).values()
        if inspect.isfunction(one) and one.__module__ == module.__name__
    }


@contextlib.contextmanager
def planted(name, right, wrong):
    """Let a module run with ``wrong`` in the place of ``right`` until the block ends."""
    module = importlib.import_module(name)
    source = inspect.getsource(module)
    assert source.count(right) == 1, f"{name} has changed: plant this fault anew\n{right}"
    faulty = codes(source.replace(right, wrong), name)
    # What a decorator generated, such as a dataclass's constructor, is in no source.
    written = [one for name, one in functions(module).items() if name in faulty]
    kept = {one: one.__code__ for one in written}
    for one in kept:
        one.__code__ = faulty[one.__qualname__]
    try:
        yield
    finally:
        for one, code in kept.items():
            one.__code__ = code


async def holds(law, *arguments):
    """Return whether a law test passes now."""
    try:
        said = law(*arguments)
        if inspect.isawaitable(said):
            await said
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - a broken law may say it anyhow
        return False
    return True


FAULTS = [
    pytest.param(
        "streams.batch_transport",
        "vouched=tuning.vouched(),",
        "vouched=time.monotonic() + 60,",
        transport_laws.test_a_commit_waits_until_the_store_cannot_lose_it_any_more,
        id="it commits what a dying Redis may lose",
    ),
    pytest.param(
        "streams.agents",
        "            if await digest(batch):\n                await stream.ack(event)\n",
        "            await stream.ack(event)\n            await digest(batch)\n",
        assess_laws.test_a_batch_is_published_then_stored_then_acknowledged,
        id="it acknowledges before it works",
    ),
    pytest.param(
        "streams.agents",
        "if await digest(batch):",
        "if await digest(batch) or batch:",
        assess_laws.test_nothing_is_acknowledged_during_an_outage,
        id="it acknowledges what is not done",
    ),
    pytest.param(
        "streams.agents",
        "except BaseException:\n            logger.critical(\n",
        "except ZeroDivisionError:\n            logger.critical(\n",
        assess_laws.test_dead_letters_that_cannot_be_written_end_the_process,
        id="it lets an exception out of the agent",
    ),
    pytest.param(
        "streams.agents",
        "end(EXIT_LOST)\n\n    async def loop",
        "pass\n\n    async def loop",
        assess_laws.test_dead_letters_that_cannot_be_written_end_the_process,
        id="it swallows what it cannot digest",
    ),
    pytest.param(
        "streams.agents",
        "await under_way[lane]",
        "pass",
        agent_laws.test_batches_of_one_partition_stand_in_line,
        id="it works on two batches of a partition at once",
    ),
    pytest.param(
        "streams.assess",
        "            await self.store.write(batch.partition, loaded, written)\n",
        "            pass\n",
        assess_laws.test_a_batch_is_published_then_stored_then_acknowledged,
        id="it does not store",
    ),
    pytest.param(
        "streams.assess",
        "            await self.publisher.publish(work.outgoing)\n",
        "            asyncio.ensure_future(self.publisher.publish(work.outgoing))\n",
        assess_laws.test_a_batch_is_published_then_stored_then_acknowledged,
        id="it does not wait for the receipts",
    ),
    pytest.param(
        "streams.assess",
        "            except (StoreUnavailableError, NotPublishedError) as error:",
        "            except (StoreUnavailableError, NotPublishedError) as error:\n"
        "                return True",
        assess_laws.test_nothing_is_acknowledged_during_an_outage,
        id="it skips what an outage hit",
    ),
    pytest.param(
        "streams.assess",
        "                return await self._cut(batch, records, error)",
        "                raise",
        assess_laws.test_poison_is_acknowledged_with_its_batch,
        id="it lets poison out of the digest",
    ),
    pytest.param(
        "streams.assess",
        "        if len(records) == 1:",
        "        if records:",
        assess_laws.test_poison_is_found_and_its_neighbours_live,
        id="it buries the neighbours of poison",
    ),
    pytest.param(
        "streams.assess",
        '            raise DeadLetterLostError(f"dead letters not written: {error}") from error',
        "            return",
        assess_laws.test_dead_letters_that_cannot_be_written_end_the_process,
        id="it goes on without the dead letter",
    ),
    pytest.param(
        "detectors.step",
        "position.epoch, position.partition, position.offset\n",
        "position.epoch, position.partition, state.offset\n",
        assess_laws.test_an_old_batch_takes_nobody_back_in_time,
        id="it does not store the offset",
    ),
    pytest.param(
        "detectors.step",
        "position.epoch, position.partition, position.offset\n",
        "state.epoch, position.partition, position.offset\n",
        assess_laws.test_a_batch_read_again_changes_nothing,
        id="it does not store the epoch",
    ),
    pytest.param(
        "detectors.state",
        "return self.epoch == epoch and self.partition",
        "return self.partition",
        assess_laws.test_a_log_that_started_anew_is_applied_to_old_states,
        id="it takes a new log for the old one",
    ),
    pytest.param(
        "detectors.step",
        "    if _has_heard(state, identity):",
        "    if not identity:",
        assess_laws.test_an_event_sent_twice_counts_once,
        id="it does not know an event by its id",
    ),
    pytest.param(
        "streams.store",
        '        if self.fences.get(partition, b"") != loaded.fence:\n',
        "        if not loaded:\n",
        assess_laws.test_a_fenced_batch_is_read_again_and_recognised,
        id="the store has no fence",
    ),
    pytest.param(
        "streams.state_cache",
        "return kept is not None and kept.fence == fence",
        "return kept is not None",
        cache_laws.test_what_another_worker_wrote_is_read,
        id="it trusts what it remembers",
    ),
    pytest.param(
        "streams.assess",
        "            # Whether the batch was written is not known: read what is there.\n"
        "            self.cache.drop(batch.partition)\n",
        "",
        cache_laws.test_an_outage_leaves_nothing_to_be_trusted,
        id="it remembers what it may not have written",
    ),
    pytest.param(
        "streams.codec",
        "    if record.key is None or record.key != event.subject.encode():\n",
        "    if not event:\n",
        lambda: _all_bad_records(),  # noqa: PLW0108 - it is defined below
        id="it takes any key",
    ),
    pytest.param(
        "streams.learning",
        "            if learner.has_learned(example):\n",
        "            if not example:\n",
        learning_laws.test_an_example_sent_twice_is_learned_once,
        id="it learns twice",
    ),
    pytest.param(
        "streams.learning",
        "            self.forget()\n            raise\n",
        "            raise\n",
        learning_laws.test_a_second_writer_is_fenced_and_forgets,
        id="it keeps a model that another worker has overtaken",
    ),
    pytest.param(
        "streams.neighbourhood",
        "            await self.publisher.publish(work.outgoing)\n",
        "            asyncio.ensure_future(self.publisher.publish(work.outgoing))\n",
        neighbour_laws.test_signals_are_published_then_stored_then_acknowledged,
        id="it does not wait until its signals are published",
    ),
    pytest.param(
        "streams.neighbourhood",
        '        if self.fences.get(partition, b"") != before:\n',
        "        if not self:\n",
        neighbour_laws.test_a_worker_that_lost_its_partition_overwrites_nothing,
        id="junctions have no fence",
    ),
    pytest.param(
        "detectors.meeting",
        "(known.epoch, known.offset) >= (change.epoch, change.offset)",
        "known.epoch > change.epoch",
        neighbour_laws.test_a_crash_after_writing_says_nothing_again,
        id="a junction takes a tie twice",
    ),
    pytest.param(
        "alerts.notification_row",
        "or not (row.handed_at or row.provider_id)",
        "or not row",
        functools.partial(
            row_laws.test_a_report_of_what_no_carrier_has_is_not_believed, (), arrived=True
        ),
        id="it believes a report of what never left",
    ),
    pytest.param(
        "alerts.notification_row",
        "asks = is_asked_about(row, askable=askable)",
        "asks = False",
        functools.partial(
            courier_laws.test_a_text_in_doubt_that_a_person_releases_is_asked_about_first,
            took_it=True,
            sent_again=0,
        ),
        id="it sends a text in doubt again without asking",
    ),
    pytest.param(
        "streams.heartbeat",
        "if not progress.waits(topics):",
        "if topics:",
        functools.partial(
            heartbeat_laws.test_an_agent_that_hangs_is_seen_while_the_others_move,
            "notify",
            Topic.REMINDER,
        ),
        id="it speaks for an agent that hangs",
    ),
    pytest.param(
        "detectors.neighbours",
        "if indicators[place].dimension is not Dimension.REL",
        "if severity",
        neighbour_scenarios.test_points_of_neighbours_radiate_nothing,
        id="what neighbours told is told on",
    ),
    pytest.param(
        "alerts.links",
        "if not hmac.compare_digest(sealed, self._seal(raw)):",
        "if not sealed:",
        functools.partial(
            page_laws.test_a_link_that_was_not_given_opens_nothing, "sealed with another secret"
        ),
        id="anybody can make a link for anybody",
        marks=pytest.mark.enable_socket,  # the page is asked over loopback
    ),
    pytest.param(
        "streams.warning_page",
        'await self._trace(told, "look", case.id, case.uscc, allowed=True)',
        'await self.act(token, {"state": "acknowledged", "measure": "interview"})',
        page_laws.test_a_look_shows_the_letter_and_changes_nothing,
        id="a mail scanner signs",
        marks=pytest.mark.enable_socket,  # the page is asked over loopback
    ),
    pytest.param(
        "streams.warning_page",
        "waiting = [one for one in cases if one.waits and not one.why_not(SIGN)]",
        "waiting = [one for one in cases if one.known]",
        batch_page_laws.test_a_second_press_changes_nothing,
        id="a double click signs for a list twice",
        marks=pytest.mark.enable_socket,  # the page is asked over loopback
    ),
    pytest.param(
        "detectors.handling",
        "if measure in FOUR_EYES and actor in handlers:",
        "if measure in FOUR_EYES and not actor:",
        page_laws.test_who_handled_an_interview_does_not_close_it,
        id="who handled an interview closes it",
        marks=pytest.mark.enable_socket,  # the page is asked over loopback
    ),
    pytest.param(
        "detectors.four_eyes",
        "if handlers and (not data.actor or hash_of(data.actor) in handlers):",
        "if handlers and hash_of(data.actor) in handlers:",
        functools.partial(four_eyes_laws.test_no_way_round, {"by": ""}),
        id="who leaves out the name ends an interview by its handler",
    ),
    pytest.param(
        "streams.warning_lives",
        "act.warning_id.encode() + _BETWEEN + act.cause.encode(),",
        "act.warning_id.encode(),",
        signing_laws.test_a_life_leaves_the_warning_what_it_was,
        id="a signature wipes out its warning",
    ),
    pytest.param(
        "streams.chasing",
        """        await self.log.plan(planned, now=now)
        above = self._above(first)
        await self.publisher.publish(self._record(one, above, at=now) for one in cases)
""",
        """        above = self._above(first)
        await self.publisher.publish(self._record(one, above, at=now) for one in cases)
        await self.log.plan(planned, now=now)
""",
        functools.partial(
            chasing_laws.test_dead_at_any_point_it_tells_nobody_twice_and_forgets_nobody,
            "rows",
            "insert",
            is_read=True,
        ),
        id="the life says that people were told before they are",
    ),
    pytest.param(
        "streams.chasing",
        "        if OWNER_OF not in owned:\n            return\n",
        "        if not owned:\n            return\n",
        chasing_laws.test_only_the_owner_of_the_first_partition_looks,
        id="every worker chases",
    ),
    pytest.param(
        "alerts.awaited",
        "            self._look_at.setdefault(one.name, one.look_at)\n",
        "            self._look_at[one.name] = one.look_at\n",
        chasing_laws.test_a_replay_moves_no_deadline,
        id="each replay gives people more time",
    ),
]


async def _all_bad_records():
    """Check every bad record of the table."""
    for row in assess_laws.BAD:
        await assess_laws.test_a_bad_record_is_kept_and_its_neighbours_live(*row.values)


@pytest.mark.parametrize(("module", "right", "wrong", "law"), FAULTS)
async def test_a_planted_fault_breaks_its_law(module, right, wrong, law):
    """The law holds without the fault and is broken by it: the fault would be seen."""
    assert await holds(law)

    with planted(module, right, wrong):
        assert not await holds(law)

    assert await holds(law)


async def test_a_message_planned_twice_would_be_seen():
    """A notifying agent that planned anew on each replay would break its law."""
    desk = notifying_laws.build_wisdom(notifying_laws.Settings()).desk
    law = notifying_laws.test_a_warning_read_again_plans_nothing
    assert await holds(law, desk)

    with planted(
        "alerts.notification_log",
        "            if row.id not in self._rows:\n",
        "            if row:\n",
    ):
        assert not await holds(law, desk)


def test_a_plant_is_pulled_out_again():
    """What a planted fault changed is as before when its block has ended."""
    law = functions(importlib.import_module("streams.agents"))["agent_of"]
    before = law.__code__

    with planted("streams.agents", "loop.__name__ = name\n    return loop\n\n\ndef collecting",
                 "return loop\n\n\ndef collecting"):  # fmt: skip
        during = law.__code__

    assert law.__code__ is before
    assert during is not before
