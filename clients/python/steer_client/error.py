from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from steer import v1

if TYPE_CHECKING:
    from .resume import StreamCursor

_CODES: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}
_Detail = TypeVar("_Detail", bound=Message)


class SteerError(Exception):
    """A failed call."""

    code: grpc.StatusCode
    message: str
    #: Stable cause in UPPER_SNAKE_CASE; empty if the status comes from a library or a proxy.
    reason: str
    #: The gateway's complete error: category, attempts, usage. None if the gateway did not answer.
    detail: v1.GatewayError | None
    #: Shortest sensible wait before a repetition, in seconds.
    retry_delay: float | None
    #: `grpc-retry-pushback-ms` in seconds: a negative value forbids automatic repetitions, any
    #: other asks for one.
    pushback: float | None
    #: True if the gateway answered; otherwise the status comes from a library or a proxy.
    is_from_gateway: bool
    #: Position of the stream's reader; `resume_stream` continues there.
    cursor: StreamCursor | None = None

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        reason: str = "",
        detail: v1.GatewayError | None = None,
        is_from_gateway: bool | None = None,
        retry_delay: float | None = None,
        pushback: float | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code, self.message, self.detail, self.pushback = code, message, detail, pushback
        self.reason = reason or (detail.reason if detail else "")
        self.is_from_gateway = detail is not None if is_from_gateway is None else is_from_gateway
        if retry_delay is None and detail is not None and detail.HasField("retry_delay"):
            retry_delay = detail.retry_delay.ToTimedelta().total_seconds()
        self.retry_delay = retry_delay

    def __str__(self) -> str:
        return f"{self.code.name}{self.reason and '/' + self.reason}: {self.message}"

    @property
    def retryable(self) -> bool:
        """True if the same call can succeed later."""
        if self.detail is not None:
            return self.detail.retryable
        return not self.is_from_gateway and self.code is grpc.StatusCode.UNAVAILABLE

    @property
    def attempts(self) -> list[v1.Attempt]:
        """The gateway's attempts: all of them in a stream's error, otherwise at most three."""
        return list(self.detail.attempts) if self.detail else []

    def at(self, cursor: StreamCursor) -> SteerError:
        self.cursor = cursor
        return self


def error_of_event(detail: v1.GatewayError) -> SteerError:
    """The error of a stream's terminal event."""
    return SteerError(
        _CODES.get(detail.code, grpc.StatusCode.UNKNOWN), detail.message, detail=detail
    )


def _pushback(text: Any) -> float:
    try:
        return int(text) / 1000
    except ValueError:
        return -1  # What is no number forbids a repetition, as gRPC has it.


def error_of_status(error: Any) -> SteerError:
    """The error of a call's status: `grpc.RpcError` from a channel of either kind."""
    trailers = {key: value for key, value in error.trailing_metadata() or ()}
    status = Status()
    try:
        status.ParseFromString(trailers.get("grpc-status-details-bin", b""))
    except DecodeError:
        pass  # Somebody else's: the code and the message are what is known.

    def find(kind: type[_Detail]) -> _Detail | None:
        message = kind()
        return message if any(packed.Unpack(message) for packed in status.details) else None

    info, retry, pushback = find(ErrorInfo), find(RetryInfo), trailers.get("grpc-retry-pushback-ms")
    detail = find(v1.GatewayError)
    converted = SteerError(
        error.code(),
        error.details() or "",
        reason=info.reason if info else "",
        detail=detail,
        is_from_gateway=detail is not None or (info is not None and info.domain == "steer"),
        retry_delay=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
        pushback=None if pushback is None else _pushback(pushback),
    )
    converted.__cause__ = error
    return converted
