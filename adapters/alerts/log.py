"""Alerts as lines of the log, counted by code."""

import logging

from domain.alerts import AlertCode
from domain.meters import Meters

log = logging.getLogger("alerts")


class LogAlerts:
    """Port `Alerts`."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def raise_(self, code: AlertCode, *, subject: str, message: str) -> None:
        self._meters.count("alerts", code=code)
        log.error("code=%s subject=%s %s", code, subject, message)
