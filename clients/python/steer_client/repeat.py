"""When a call is repeated, and after which wait: one rule for unary calls and streams."""

from __future__ import annotations

from dataclasses import dataclass

from grpc import StatusCode

from .error import SteerError
from .runtime import Runtime

#: Most failures in a row without a new event between them.
MAX_TRIES = 10
FIRST_WAIT, MAX_WAIT = 0.1, 5.0
#: Codes with which libraries and proxies report a lost connection.
LOST_CODES = {
    StatusCode.UNAVAILABLE,
    StatusCode.ABORTED,
    StatusCode.CANCELLED,
    StatusCode.INTERNAL,
}


def wait_before(cause: SteerError, tries: int, random: float) -> float:
    """Seconds before repetition number `tries`: random within a range that doubles, and at least
    as long as the service asks for."""
    most: float = min(MAX_WAIT, FIRST_WAIT * 2**tries)
    return max(cause.retry_delay or 0, cause.pushback or 0, random * most)


def is_repeatable(cause: SteerError) -> bool:
    """True if the service asks for a repetition, or if the call was lost before the service
    answered."""
    if cause.pushback is not None:
        return cause.pushback >= 0 and cause.code is StatusCode.UNAVAILABLE
    return cause.code in LOST_CODES and not cause.is_from_gateway


@dataclass
class Repetition:
    """The repetitions of one unary call."""

    runtime: Runtime
    #: Seconds for the call with all its repetitions.
    timeout: float | None = None

    def __post_init__(self) -> None:
        self._began = self.runtime.now()
        self._tries = 0

    def left(self) -> float | None:
        """Seconds until the deadline."""
        if self.timeout is None:
            return None
        return max(0.0, self.timeout - (self.runtime.now() - self._began))

    def wait_after(self, cause: SteerError) -> float:
        """Seconds until the repetition. Raises the cause if the call must not be repeated."""
        self._tries += 1
        if self._tries > MAX_TRIES or not is_repeatable(cause):
            raise cause
        wait = wait_before(cause, self._tries, self.runtime.random())
        left = self.left()
        if left is not None and left <= wait:
            raise cause
        return wait
