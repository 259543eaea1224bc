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
    """A call that did not succeed."""

    code: grpc.StatusCode
    message: str
    #: Stable cause in UPPER_SNAKE_CASE; empty where the status comes from a library or a proxy.
    reason: str
    #: The gateway's error in full: category, attempts, usage. None where it did not answer.
    detail: v1.GatewayError | None
    #: Seconds until a repetition can make sense.
    retry_delay: float | None
    #: `grpc-retry-pushback-ms` in seconds: negative forbids a repetition, others ask for one.
    pushback: float | None
    #: The gateway has answered; otherwise the status is a library's or a proxy's.
    is_from_gateway: bool
    #: Where the reader of a stream stood; `resume_stream` goes on there.
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
        """Repeating the same call later can succeed."""
        if self.detail is not None:
            return self.detail.retryable
        return not self.is_from_gateway and self.code is grpc.StatusCode.UNAVAILABLE

    @property
    def attempts(self) -> list[v1.Attempt]:
        """What the gateway has tried, the last three at most unless a stream's event says it."""
        return list(self.detail.attempts) if self.detail else []

    def at(self, cursor: StreamCursor) -> SteerError:
        self.cursor = cursor
        return self


def error_of_event(detail: v1.GatewayError) -> SteerError:
    """The error that ends a stream, as its last event tells it."""
    return SteerError(
        _CODES.get(detail.code, grpc.StatusCode.UNKNOWN), detail.message, detail=detail
    )


def _pushback(text: Any) -> float:
    try:
        return int(text) / 1000
    except ValueError:
        return -1  # What is no number forbids a repetition, as gRPC has it.


def error_of_status(error: Any) -> SteerError:
    """The error of a call's status: `grpc.RpcError` as a channel of either kind raises it."""
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
