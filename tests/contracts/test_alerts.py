"""Alerts: one line of the log each, counted by code."""

import logging

import pytest

from adapters.alerts.log import LogAlerts
from adapters.meters.prometheus import PrometheusMeters


def test_an_alert_is_logged_with_code_and_subject_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    meters = PrometheusMeters()
    LogAlerts(meters).raise_("SYNC_ERROR", subject="document:3", message="The graph has no row of it.")
    assert caplog.record_tuples == [
        ("alerts", logging.ERROR, "code=SYNC_ERROR subject=document:3 The graph has no row of it.")
    ]
    assert 'frontier_alerts_total{code="SYNC_ERROR"} 1.0' in meters.text().decode()
