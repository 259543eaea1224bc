"""Time and randomness."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """Time and randomness, replaced by tests."""

    now: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    #: For asyncio.
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    #: For the blocking client: returns early when the event is set.
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait


SYSTEM = Runtime()
