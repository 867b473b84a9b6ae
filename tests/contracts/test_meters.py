"""Metrics: names and labels are fixed, whatever is counted."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.meters.prometheus import METRICS, PrometheusMeters
from adapters.meters.prometheus import TASKS as LABELS
from jobs.registry import TASKS


def samples(meters: PrometheusMeters) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """As Prometheus reads them, by name and labels."""
    families = text_string_to_metric_families(meters.text().decode())
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for one in families for each in one.samples}


def test_what_is_counted_timed_and_set_is_told() -> None:
    meters = PrometheusMeters()
    meters.count("jobs", task="reply", outcome="done")
    meters.count("jobs", outcome="done", task="reply")
    meters.time("call_seconds", 0.02, port="graph", outcome="ok")
    meters.set("sockets", 3)
    told = samples(meters)
    assert told["frontier_jobs_total", (("outcome", "done"), ("task", "reply"))] == 2
    assert told["frontier_call_seconds_bucket", (("le", "0.025"), ("outcome", "ok"), ("port", "graph"))] == 1
    assert told["frontier_call_seconds_bucket", (("le", "0.01"), ("outcome", "ok"), ("port", "graph"))] == 0
    assert told["frontier_sockets", ()] == 3


def test_a_value_that_is_not_listed_counts_as_other() -> None:
    meters = PrometheusMeters()
    for number in range(1_000):
        meters.count("jobs", task=f"made up {number}", outcome="done")
    told = samples(meters)
    assert told["frontier_jobs_total", (("outcome", "done"), ("task", "other"))] == 1_000
    assert "made up" not in meters.text().decode()


def test_every_job_has_its_label() -> None:
    assert set(LABELS) == {*TASKS, "reconcile"}


def test_a_name_that_is_not_listed_is_a_fault() -> None:
    with pytest.raises(KeyError):
        PrometheusMeters().count("members", handle="ana")


def test_every_name_says_what_it_means() -> None:
    text = PrometheusMeters().text().decode()
    assert [name for name, metric in METRICS.items() if f" {metric.meaning}\n" not in text] == []
