"""Channel settings and requests of both clients."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

import grpc
from steer import v1

from .resume import Reading, Reconnect, StreamCursor
from .runtime import SYSTEM, Runtime
from .settings import Settings, system_credentials

HEARTBEAT = 15.0
#: Missed heartbeats after which a connection counts as dead.
MISSED_HEARTBEATS = 3
MODELS = {"service": "steer.v1.ModelService"}
Begin = Callable[[StreamCursor], Any]
_Request = TypeVar("_Request", v1.GenerateRequest, v1.StreamGenerateRequest)


#: The channel repeats only calls that generate nothing. The client repeats calls of
#: GenerationService, because it fills `request_id` and can read the service's errors.
SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{"service": "steer.v1.GenerationService", "method": "CountTokens"}, MODELS],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
}

#: If a connection does not answer a ping, its calls are resumed over another.
CHANNEL_OPTIONS: dict[str, Any] = {
    "grpc.service_config": json.dumps(SERVICE_CONFIG),
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
    "grpc.http2.max_pings_without_data": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
    "grpc.max_receive_message_length": 32 * 1024 * 1024,
}


class ReadOptions(TypedDict, total=False):
    """How a stream is read. Times are in seconds."""

    #: Time until everything ends. Default: none.
    timeout: float
    #: Deadline of each call. A delivery that reaches it is resumed by the next call.
    delivery_timeout: float
    #: Longest silence of a live connection. Default: three heartbeats. 0: no limit.
    silence: float
    on_reconnect: Callable[[Reconnect], None]
    #: Called when the service's store goes away (False) or comes back (True).
    on_durability: Callable[[bool], None]
    #: Called with each `attempt_notice` that has `discard_output`, before it is returned. All
    #: output so far is void; a user interface clears its answer.
    on_discard: Callable[[v1.AttemptNotice], None]


def with_id(request: _Request) -> _Request:
    """A copy with a `request_id`, which is safe to repeat."""
    copy = type(request)()
    copy.CopyFrom(request)
    is_ephemeral = isinstance(copy, v1.StreamGenerateRequest) and copy.options.ephemeral
    if not copy.request_id and not is_ephemeral:
        copy.request_id = str(uuid.uuid4())
    return copy


def with_recovery(request: v1.StreamGenerateRequest) -> v1.StreamGenerateRequest:
    """A copy that is safe to repeat and accepts discards. It asks for RESTART if the caller names
    no recovery."""
    copy = with_id(request)
    copy.accepts_discard = True
    unspecified = v1.MidStreamRecovery.MID_STREAM_RECOVERY_UNSPECIFIED
    if copy.HasField("spec") and copy.spec.routing.mid_stream_recovery == unspecified:
        restart = v1.MidStreamRecovery.MID_STREAM_RECOVERY_RESTART
        copy.spec.routing.mid_stream_recovery = restart
    return copy


class BaseClient:
    """Common base of both clients.

    `address` is `host:port` or `http://host:port` for clear text, or `https://host:port` for TLS
    with the authorities of the machine; `credentials` replace those. None: the variable
    STEER_ADDRESS, default 127.0.0.1:50051. A `token` that is a function is called before each
    call. None: the variable STEER_API_KEY. An empty key is not sent. `options` are the channel's
    and override the defaults above. Your own stubs use `channel` and send `metadata()`. Raises
    ADDRESS_INVALID or KEY_INVALID.
    """

    library: Any

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | Callable[[], str | None] | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        options: dict[str, Any] | None = None,
        runtime: Runtime = SYSTEM,
    ) -> None:
        settings = Settings.of(address, token, os.environ)
        if credentials is None:
            settings.warn_of_clear_key()
            if settings.address.secure:
                credentials = system_credentials(os.environ)
        # Without the scheme, a host named "unix" would be taken for one.
        target = f"dns:{settings.address}"
        given = list({**CHANNEL_OPTIONS, **(options or {})}.items())
        self.channel = (
            self.library.secure_channel(target, credentials, given)
            if credentials
            else self.library.insecure_channel(target, given)
        )
        self.generation = v1.GenerationServiceStub(self.channel)
        self._settings, self._runtime = settings, runtime
        #: Set by `close`: no call is repeated.
        self._closed = threading.Event()

    def metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        key = self._settings.key()
        return (("authorization", f"Bearer {key}"),) if key else ()

    def _new(self, given: v1.StreamGenerateRequest, options: ReadOptions) -> tuple[Reading, Begin]:
        request = with_recovery(given)
        heartbeat = HEARTBEAT
        if request.options.HasField("heartbeat_interval"):
            heartbeat = request.options.heartbeat_interval.ToTimedelta().total_seconds()
        silence = heartbeat * MISSED_HEARTBEATS
        return self._reading(request, options, silence, repeatable=request.request_id != "")

    def _known(self, cursor: StreamCursor, options: ReadOptions) -> tuple[Reading, Begin]:
        # The heartbeat interval is that of the first call, which is unknown here: no limit by
        # default.
        return self._reading(None, options, 0, cursor=cursor)

    def _reading(
        self,
        request: v1.StreamGenerateRequest | None,
        options: ReadOptions,
        silence: float,
        **more: Any,
    ) -> tuple[Reading, Begin]:
        given: dict[str, Any] = {"silence": silence, **options}
        timeout = given.pop("delivery_timeout", None)

        def begin(cursor: StreamCursor) -> Any:
            if request is not None and not cursor.stream_id:
                return self.generation.StreamGenerate(
                    request, timeout=timeout, metadata=self.metadata()
                )
            rest = v1.ResumeStreamRequest(
                stream_id=cursor.stream_id,
                last_sequence=cursor.sequence,
                last_writer=cursor.writer,
                accepts_discard=True,
            )
            return self.generation.ResumeStream(rest, timeout=timeout, metadata=self.metadata())

        return Reading(self._runtime, is_closed=self._closed.is_set, **given, **more), begin
