"""CRASH_AT: a process that kills itself where it was told to, as a power cut would."""

import logging
import os
import signal

from domain.crashes import arm, planned_in

log = logging.getLogger(__name__)


def arm_crashes(crash_at: str) -> None:
    """SIGKILL to this process at these points; every start counts anew. Raises ValueError for a point that is none."""
    if planned := planned_in(crash_at):
        log.warning("CRASH_AT is set: this process will kill itself at %s.", crash_at)
        arm(planned, lambda: os.kill(os.getpid(), signal.SIGKILL))
