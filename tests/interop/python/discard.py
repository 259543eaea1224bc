"""Plain stubs beside the helper, where the first attempt of a stream fails midway."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from steer import v1
from steer_client import Client, SteerError

Answer = dict[str, Any]


@dataclass
class Given:
    """What a plain stub was given by one call, and how the call has ended."""

    text: str = ""
    code: str = "OK"
    reason: str = ""
    #: Where a reader can go on whose output was voided.
    position: v1.ResumeStreamRequest | None = None

    def answer(self) -> Answer:
        return {"raw_text": self.text, "raw_code": self.code, "raw_reason": self.reason}


def read(call: Any) -> Given:
    given = Given()
    try:
        for event in call:
            given.text += event.text_delta.text
    except grpc.RpcError as error:
        given.code = error.code().name
        status = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
        info = ErrorInfo()
        next(detail for detail in status.details if detail.Unpack(info))
        given.reason = info.reason
        if info.reason == "OUTPUT_DISCARDED":
            given.position = v1.ResumeStreamRequest(
                stream_id=info.metadata["stream_id"],
                last_sequence=int(info.metadata["last_sequence"]),
                last_writer=int(info.metadata["last_writer"]),
            )
    return given


def raw(connection: dict[str, Any], spec: v1.GenerationSpec) -> Answer:
    """A plain stub reads a stream of its own."""
    with Client(**connection) as client:
        request = v1.StreamGenerateRequest(spec=spec)
        call = client.generation.StreamGenerate(request, metadata=client.metadata())
        return read(call).answer()


def raw_joins(connection: dict[str, Any], spec: v1.GenerationSpec) -> Answer:
    """A plain stub joins a stream of the helper, and goes on behind what was voided."""
    request = v1.StreamGenerateRequest(request_id=str(uuid.uuid4()), spec=spec)
    with Client(**connection) as client:
        text = client.stream_generate(request).text()
        joined = read(client.generation.StreamGenerate(request, metadata=client.metadata()))
        answer = {**joined.answer(), "text": text}
        if joined.position is not None:
            rest = client.generation.ResumeStream(joined.position, metadata=client.metadata())
            answer["rest"] = read(rest).text
        return answer


def joins_raw(connection: dict[str, Any], spec: v1.GenerationSpec) -> Answer:
    """The helper joins a stream of a plain stub."""
    request = v1.StreamGenerateRequest(request_id=str(uuid.uuid4()), spec=spec)
    with Client(**connection) as client:
        call = client.generation.StreamGenerate(request, metadata=client.metadata())
        next(call)  # The stream exists.
        text, reason = "", ""
        try:
            for event in client.stream_generate(request):
                text += event.text_delta.text
        except SteerError as error:
            reason = error.reason
        return {**read(call).answer(), "text": text, "reason": reason}
