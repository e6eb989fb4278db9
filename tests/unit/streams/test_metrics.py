"""Does Prometheus see every series from the first scrape, and never an enterprise?"""

import re

from prometheus_client.parser import text_string_to_metric_families

from alerts.delivery import Cause as DeliveryCause
from alerts.delivery import Heard
from detectors.events import Cause
from detectors.measure import Measure
from detectors.model_health import Health
from detectors.warning import WarningStatus
from streams.metrics import Metrics
from streams.version import version
from tests import builders as b
from tests import shell
from tests.shell import Shell

USCC = re.compile(rb"(?<![.\w])[0-9A-Z]{18}(?!\w)")


def families(metrics):
    """Return the families that a scrape shows, by name."""
    return {one.name: one for one in text_string_to_metric_families(metrics.text().decode())}


def labelled(family, *names):
    """Return the label values of a family's series."""
    return {tuple(sample.labels[name] for name in names) for sample in family.samples}


def test_closed_sets_are_complete_from_the_first_scrape():
    """A rate over a cause that has not occurred yet is zero, not a hole."""
    shown = families(Metrics())

    assert labelled(shown["sanzao_events_rejected"], "cause") == {(c.value,) for c in Cause}
    assert labelled(shown["sanzao_warnings"], "measure", "status") == {
        (measure.value, status.value) for measure in Measure for status in WarningStatus
    }
    assert labelled(shown["sanzao_notification_failures"], "channel", "cause") == {
        (channel, cause.value) for channel in ("sms", "email") for cause in DeliveryCause
    }
    assert labelled(shown["sanzao_delivery_reports"], "outcome") == {(h.value,) for h in Heard}


def test_names_are_ours_with_base_units():
    """Every family begins with our name; what is measured in time says seconds."""
    shown = families(Metrics())

    assert all(name.startswith("sanzao_") for name in shown)
    assert {name for name in shown if shown[name].type == "histogram"} == {
        "sanzao_batch_seconds", "sanzao_batch_events", "sanzao_event_to_state_seconds",
        "sanzao_event_to_warning_seconds",
    }  # fmt: skip
    assert all(family.documentation for family in shown.values())


def test_a_scrape_says_which_version_runs():
    """After an upgrade an operator sees on the dashboard that it has reached each worker."""
    shown = families(Metrics())

    assert labelled(shown["sanzao_build_info"], "version") == {(version(),)}


async def test_no_series_names_an_enterprise():
    """Whatever happened, no label and no value carries a code, a name or a warning's id."""
    here = Shell()
    await here.digest(
        *shell.arrivals([b.event(b.penalty("severe")), b.event(b.inspection())]),
        shell.Arrival(b"{", offset=2),
    )

    text = here.metrics.text()

    assert not USCC.search(text)
    assert b"w-" not in text


def test_two_workers_in_one_process_do_not_share_series():
    """Each worker has a registry of its own: tests and demos may build several."""
    one, two = Metrics(), Metrics()

    one.fenced.inc()

    assert two.registry.get_sample_value("sanzao_batches_fenced_total") == 0.0


def test_a_model_s_health_is_told_by_domain_and_span():
    """Every prequential figure is a gauge; what cannot be told yet is absent, not a number."""
    metrics, health = Metrics(), Health()
    health.learn(1.0, found=True)
    metrics.tell_health("FOODS", health)
    before = metrics.text().decode()

    health.learn(-1.0, found=False)
    metrics.tell_health("FOODS", health)

    told = metrics.text().decode()
    series = 'sanzao_model_quality{domain="FOODS",measure="roc_auc",span="window"}'
    assert series not in before
    assert f"{series} 1.0" in told
    assert 'sanzao_model_drifting{domain="FOODS"} 0.0' in told
