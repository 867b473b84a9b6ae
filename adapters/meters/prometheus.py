"""Metrics in Prometheus' text format, a registry a process. Every name, label and label value stands here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
OTHER = "other"
"""Counts for any value that is not listed, so that no label ever grows."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
PORTS = ("llm", "llm-small", "memory", "graph", "embedding", "entities", "gemini")
CODES = ("INGESTION_ERROR", "RETRIEVAL_ERROR", "LLM_ERROR", "VOTE_ERROR", "SYNC_ERROR", "NER_ERROR")
TASKS = ("ingest", "withdraw", "remove_blob", "reply", "close", "start", "mature", "show", "seal", "reconcile")


@dataclass(frozen=True, slots=True)
class Metric:
    """`labels`: each with the values it may have."""

    kind: type[Counter | Gauge | Histogram]
    meaning: str
    labels: Mapping[str, Sequence[str]]


METRICS = {
    "breaker_state": Metric(Gauge, "0 closed, 1 half-open, 2 open.", {"port": PORTS}),
    "breaker_transitions": Metric(
        Counter, "Changes of a breaker's state.", {"port": PORTS, "to": ("closed", "half_open", "open")}
    ),
    "call_seconds": Metric(
        Histogram,
        "Outside calls.",
        {"port": PORTS, "outcome": ("ok", "failed", "timeout", "refused", "cancelled", "open")},
    ),
    "fallbacks": Metric(Counter, "Answers of a lower rung of a ladder.", {"port": ("llm", "entities")}),
    "replies": Metric(Counter, "Replies that ended.", {"outcome": ("done", "failed"), "degraded": ("yes", "no")}),
    "ballots": Metric(Counter, "Ballots cast at this process.", {"outcome": ("accepted", "refused", "failed")}),
    "resolutions": Metric(Gauge, "Resolutions of the DAO.", {"outcome": ("passed", "failed")}),
    "jobs": Metric(
        Counter, "Attempts of jobs.", {"task": TASKS, "outcome": ("done", "retried", "dead", "lost", "stopped")}
    ),
    "outbox_pending": Metric(Gauge, "Entries that wait.", {"kind": ("event", "job")}),
    "outbox_oldest_seconds": Metric(Gauge, "Age of the oldest that is due.", {"kind": ("event", "job")}),
    "outbox_dead_letters": Metric(Gauge, "Dead letters that wait to be driven again.", {}),
    "alerts": Metric(Counter, "Alerts raised.", {"code": CODES}),
    "reconciled_rows": Metric(
        Gauge,
        "The last comparison of a store with the database.",
        {"store": ("blobs", "memories", "graph"), "outcome": ("checked", "missing", "extra", "mended")},
    ),
    "sockets": Metric(Gauge, "WebSockets open at this process.", {}),
    "operations": Metric(
        Counter,
        "GraphQL operations; a subscription shared by many once.",
        {"kind": ("query", "mutation", "subscription"), "outcome": ("ok", "errors", "invalid", "timeout")},
    ),
    "disk_free_bytes": Metric(Gauge, "Free space where uploads and database lie.", {}),
}
"""By the name without `frontier_`."""


class PrometheusMeters:
    """Port `Meters`."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # theirs
        self._registry = CollectorRegistry()
        self._made: dict[str, Any] = {name: self._metric(name, metric) for name, metric in METRICS.items()}
        self._children: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = {}

    def count(self, name: str, **labels: str) -> None:
        self._child(name, labels).inc()

    def time(self, name: str, seconds: float, **labels: str) -> None:
        self._child(name, labels).observe(seconds)

    def set(self, name: str, value: float, **labels: str) -> None:
        self._child(name, labels).set(value)

    def text(self) -> bytes:
        """All of it, as CONTENT_TYPE."""
        return generate_latest(self._registry)

    def _metric(self, name: str, metric: Metric) -> object:
        more: dict[str, Any] = {"buckets": SECONDS} if metric.kind is Histogram else {}
        return metric.kind(
            name, metric.meaning, list(metric.labels), namespace="frontier", registry=self._registry, **more
        )

    def _child(self, name: str, labels: dict[str, str]) -> Any:  # noqa: ANN401  # one of three kinds
        """Raises KeyError for a name or label that is not in METRICS."""
        key = (name, tuple(labels.items()))
        child = self._children.get(key)
        if child is None:
            known = METRICS[name].labels
            listed = {label: value if value in known[label] else OTHER for label, value in labels.items()}
            child = self._made[name].labels(**listed) if listed else self._made[name]
            if OTHER not in listed.values():
                self._children[key] = child
        return child
