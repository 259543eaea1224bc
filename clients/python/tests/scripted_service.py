"""A gRPC server that plays scripts, so that tests run the whole client over the wire."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from steer import v1

PATIENCE = 30.0

#: A value of no current enum.
NEWER = 99

CODES = {code.name: code for code in grpc.StatusCode}


def number(name: str) -> int:
    return int(CODES[name].value[0])


def gateway_error(script: dict[str, Any], code: str) -> v1.GatewayError:
    return v1.GatewayError(
        code=number(code), reason=script["reason"], retryable=script["retryable"], message=code
    )


def event_of(script: dict[str, Any]) -> v1.StreamEvent:
    event = v1.StreamEvent(sequence=script["sequence"], writer=script["writer"])
    newer: Any = NEWER if script.get("newer") else 0
    match script["kind"]:
        case "start":
            event.start.stream_id = script["stream_id"]
            event.start.resumable = script.get("resumable", False)
            event.start.durability = newer
        case "text":
            event.text_delta.part_index = script.get("part", 0)
            event.text_delta.text = script.get("text", f"{script['sequence']} ")
        case "reasoning":
            event.reasoning_delta.part_index = script.get("part", 0)
            event.reasoning_delta.text = script.get("text", f"{script['sequence']} ")
        case "notice":
            event.attempt_notice.discard_output = script.get("discard_output", False)
            event.attempt_notice.action = newer
        case "heartbeat":
            event.heartbeat.undurable = script.get("undurable", False)
        case "complete":
            event.complete.message_omitted = script.get("message_omitted", False)
            event.complete.first_output_sequence = script.get("first_output_sequence", 0)
            event.complete.generation.output_text = script.get("output_text", "")
            event.complete.generation.finish_reason = newer
            if "message_text" in script:
                text = v1.TextPart(text=script["message_text"])
                event.complete.generation.message.parts.append(v1.Part(text=text))
        case "part_end":
            event.part_end.part_index = script["part"]
            event.part_end.part.SetInParent()
        case "error":
            error = script["error"]
            event.error.error.CopyFrom(gateway_error(error, error["code"]))
            event.error.error.category = newer
    return event


def end_with(context: grpc.ServicerContext, end: dict[str, Any]) -> None:
    """The status as the gateway sends it: details and pushback in the trailers."""
    code, details = end["code"], list[Message]()
    if (error := end.get("gateway_error")) is not None:
        detail = gateway_error(error, code)
        detail.attempts.extend(end.get("attempts", ()))
        details += [ErrorInfo(reason=error["reason"], domain="steer"), detail]
    if (retry := end.get("retry_info_ms")) is not None:
        delay = Duration()
        delay.FromMilliseconds(retry)
        details.append(RetryInfo(retry_delay=delay))
    status = Status(code=number(code), message=code)
    for message in details:
        status.details.add().Pack(message)
    trailers: list[tuple[str, str | bytes]] = []
    if details:
        trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    if (pushback := end.get("pushback_ms")) is not None:
        trailers.append(("grpc-retry-pushback-ms", str(pushback)))
    context.set_trailing_metadata(tuple(trailers))
    context.set_code(CODES[code])
    context.set_details(code)


class ScriptedService(v1.GenerationServiceServicer):
    def __init__(self, scripts: list[dict[str, Any]]) -> None:
        self.scripts = scripts
        self.made: list[dict[str, Any]] = []
        self.requests: list[Any] = []
        self.metadata: list[dict[str, str | bytes]] = []
        #: By call: set when the client ended it before it ended by itself.
        self.cancelled = [threading.Event() for _ in scripts]
        #: Set when a call has sent all its events and stays open.
        self.idle = threading.Event()
        #: Number of calls that ended by themselves while the client was there.
        self.ended = 0

    def Generate(self, request: v1.GenerateRequest, context: Any) -> v1.GenerateResponse:
        self._note("Generate", request, context)
        end_with(context, self.scripts[len(self.made) - 1]["end"])
        return v1.GenerateResponse()

    def StreamGenerate(
        self, request: v1.StreamGenerateRequest, context: Any
    ) -> Iterator[v1.StreamEvent]:
        return self._play(self._note("StreamGenerate", request, context), context)

    def ResumeStream(
        self, request: v1.ResumeStreamRequest, context: Any
    ) -> Iterator[v1.StreamEvent]:
        position = {
            "stream_id": request.stream_id,
            "last_sequence": request.last_sequence,
            "last_writer": request.last_writer,
        }
        return self._play(self._note("ResumeStream", request, context, **position), context)

    def CancelGeneration(self, request: Any, context: Any) -> v1.CancelGenerationResponse:
        raise NotImplementedError

    def CountTokens(self, request: Any, context: Any) -> v1.CountTokensResponse:
        raise NotImplementedError

    def _note(self, method: str, request: Any, context: Any, **position: Any) -> int:
        self.made.append({"method": method, **position})
        self.requests.append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        return len(self.made) - 1

    def _play(self, index: int, context: grpc.ServicerContext) -> Iterator[v1.StreamEvent]:
        script = self.scripts[index]
        end = script["end"]
        # The callback runs at the end of the call, and only the client ends an open one.
        if end == "open" and not context.add_callback(self.cancelled[index].set):
            self.cancelled[index].set()
        for event in script["events"]:
            yield event_of(event)
        if end == "open":
            self.idle.set()
            if not self.cancelled[index].wait(PATIENCE):
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "nobody has ended the call")
            return
        # A client that leaves right after the last event would be gone by then.
        if threading.Event().wait(script.get("linger", 0)) or context.is_active():
            self.ended += 1
        if end != "ok":
            end_with(context, end)


class Server:
    def __init__(self, scripts: list[dict[str, Any]]) -> None:
        self.service = ScriptedService(scripts)
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        v1.add_GenerationServiceServicer_to_server(self.service, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Server:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(None)
