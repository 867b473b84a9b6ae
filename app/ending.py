"""How a process ends that was told to: in time, whatever still holds it."""

import faulthandler
import gc
import logging
import os
import threading

log = logging.getLogger(__name__)

ENDS_SECONDS = 8.0
"""From the signal on; an orderly end takes five at most."""


def end_within(seconds: float = ENDS_SECONDS) -> None:
    """Leave by then. Python waits for threads, and a long reading by a model in one of them cannot be cancelled; all
    stores are as after a power cut, and another process takes over what was begun. What lives is left as it is: to look
    through the models and libraries of a worker for rings of dead objects took Python 1.5 s of CPU at its end."""
    gc.freeze()
    timer = threading.Timer(seconds, leave, [seconds])
    timer.daemon = True
    timer.start()


def leave(seconds: float) -> None:
    log.warning("Leaving %.1f s after the signal to end: the threads below still run.", seconds)
    faulthandler.dump_traceback()
    os._exit(0)
