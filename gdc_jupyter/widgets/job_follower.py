"""A thread that looks at a back-end again and again: often while jobs run, seldom while nobody watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# Seconds between two looks at the back-end.
ACTIVE_DELAY = 0.5
IDLE_DELAYS = (1.5, 15.0)
PUSHED_DELAY = 15.0
OFFLINE_DELAYS = (2.0, 30.0)
UNWATCHED_DELAY = 60.0
# A displayed view says every 20 s that it is there; browsers slow the timers of hidden tabs to one a minute.
WATCHED_FOR = 150.0


class JobFollower:
    """Looks at a back-end until it is closed.

    Parameters
    ----------
    look : callable
        Asks the back-end, and returns whether it answered.
    is_active : callable
        Returns whether a job is queued or running.

    Attributes
    ----------
    pushed : bool
        Whether changes are pushed, so that the back-end need not be asked often.
    """

    def __init__(self, look: Callable[[], bool], is_active: Callable[[], bool]) -> None:
        self._look, self._is_active = look, is_active
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._watched = time.monotonic()
        self.pushed = False
        self._thread = threading.Thread(target=self._run, name="gdc-job-tracker", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Have it look now."""
        self._wake.set()

    def watched(self) -> None:
        """Say that a view is displayed."""
        self._watched = time.monotonic()

    def close(self) -> None:
        """End it; a look that is on its way goes on to its end."""
        self._closed.set()
        self._wake.set()

    def _run(self) -> None:
        delay = ACTIVE_DELAY
        while not self._closed.is_set():
            self._wake.wait(delay)
            if self._closed.is_set():
                return
            woken = self._wake.is_set()
            self._wake.clear()
            answered = self._look()
            watched = time.monotonic() - self._watched < WATCHED_FOR
            delay = next_delay(delay, answered, self._is_active(), watched, woken, self.pushed)


def next_delay(
    delay: float, answered: bool, active: bool, watched: bool, woken: bool = False, pushed: bool = False
) -> float:
    """Return the seconds until the next look at a back-end.

    Parameters
    ----------
    delay : float
        The last delay, in seconds.
    answered, active, watched, woken, pushed : bool
        Whether the back-end answered, a job is queued or running, a view of the table is displayed, an action has
        just been taken, and whether the back-end pushes what changes.
    """
    if not answered:
        low, high = OFFLINE_DELAYS
    elif pushed:
        return PUSHED_DELAY if watched or active else UNWATCHED_DELAY
    elif active:
        return ACTIVE_DELAY
    elif not watched:
        return UNWATCHED_DELAY
    else:
        low, high = IDLE_DELAYS
    return low if woken or delay < low else min(high, delay * 1.5)
