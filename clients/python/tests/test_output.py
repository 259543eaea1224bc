"""The valid text and the result, from events alone."""

from __future__ import annotations

import pytest
from readers import Plan, ReadOutput, Take
from scripted_service import Server
from steer import v1

from steer_client import Client, SteerError
from steer_client.output import Output

CALL = v1.Part(tool_call=v1.ToolCall(name="weather"))


def text(part: int, words: str) -> v1.StreamEvent:
    return v1.StreamEvent(text_delta=v1.TextDelta(part_index=part, text=words))


def reasoning(part: int, words: str) -> v1.StreamEvent:
    return v1.StreamEvent(reasoning_delta=v1.ReasoningDelta(part_index=part, text=words))


def notice(discards: bool) -> v1.StreamEvent:
    return v1.StreamEvent(attempt_notice=v1.AttemptNotice(discard_output=discards))


def end(part: int, whole: v1.Part | None) -> v1.StreamEvent:
    return v1.StreamEvent(part_end=v1.PartEnd(part_index=part, part=whole))


def complete(*parts: v1.Part, output_text: str = "") -> v1.StreamEvent:
    generation = v1.Generation(output_text=output_text, provider="simulator")
    if parts:
        generation.message.CopyFrom(v1.Message(parts=parts))
    return v1.StreamEvent(complete=v1.StreamComplete(generation=generation))


def words(said: str) -> v1.Part:
    return v1.Part(text=v1.TextPart(text=said))


DONE = complete()
CASES: dict[str, tuple[int, list[v1.StreamEvent], str | None]] = {
    "voided output is dropped": (1, [text(0, "old"), notice(True), text(0, "new"), DONE], "new"),
    "another notice voids nothing": (1, [text(0, "a"), notice(False), text(0, "b"), DONE], "ab"),
    "voided twice": (
        1,
        [text(0, "a"), notice(True), text(1, "b"), notice(True), text(0, "c"), DONE],
        "c",
    ),
    "parts stand in their order": (1, [text(1, "B"), text(0, "A"), text(1, "b"), DONE], "ABb"),
    "parts that are no text": (
        1,
        [reasoning(0, "hm"), text(1, "A"), end(1, None), end(2, CALL), text(3, "B"), DONE],
        "AB",
    ),
    "a part replaced at its end": (1, [text(0, "A"), end(0, words("B")), DONE], "B"),
    "the message of the last event": (
        7,
        [text(0, "tail"), complete(words("whole"), CALL, words(" text"))],
        "whole text",
    ),
    "output_text of the last event": (7, [text(0, "tail"), complete(output_text="all")], "all"),
    "from the middle on": (7, [text(0, "tail"), DONE], None),
    "from the middle on, then voided": (
        7,
        [text(0, "tail"), notice(True), text(0, "new"), DONE],
        "new",
    ),
    "no event at all": (7, [], None),
    "nothing was said": (1, [notice(True), DONE], ""),
}


@pytest.mark.parametrize("name", CASES)
def test_the_text_that_stands(name: str) -> None:
    first, events, expected = CASES[name]
    output = Output()
    for sequence, event in enumerate(events, first):
        event.sequence = sequence
        output.add(event)
    if expected is None:
        with pytest.raises(SteerError) as raised:
            output.text()
        assert raised.value.reason == "OUTPUT_INCOMPLETE"
    else:
        assert output.text() == expected


def test_a_result_is_collected_with_its_message() -> None:
    output = Output()
    events = [text(0, "old"), notice(True), text(1, "new"), end(0, CALL), DONE]
    for sequence, event in enumerate(events, 1):
        event.sequence = sequence
        output.add(event)
    generation = output.generation()
    assert generation.provider == "simulator"
    assert generation.message.role == v1.Role.ROLE_ASSISTANT
    assert list(generation.message.parts) == [CALL, words("new")]
    assert not DONE.complete.generation.HasField("message")


def test_what_a_provider_adds_is_part_of_the_message() -> None:
    def token(word: str) -> v1.TokenLogprob:
        return v1.TokenLogprob(token=word, logprob=-0.5)

    def piece(word: str) -> v1.StreamEvent:
        delta = v1.TextDelta(part_index=1, text=word, logprobs=[token(word)])
        return v1.StreamEvent(text_delta=delta)

    def data(json: str) -> v1.ProviderData:
        return v1.ProviderData(provider_type="openai", api="responses", json=json)

    def cited(words: str) -> v1.Part:
        source = v1.Annotation(uri="https://example.com", provider_data=data('{"n":1}'))
        return v1.Part(text=v1.TextPart(text=words, annotations=[source]))

    search = v1.Part(provider_part=data('{"type":"web_search_call"}'))
    left_out = v1.StreamComplete(message_omitted=True, provider_data=data('{"id":"m"}'))
    for last in (
        v1.PartEnd(part_index=1, part=cited("It is.")),
        v1.PartEnd(part_index=1, remainder=cited("")),
    ):
        output = Output()
        events = [
            *(piece("void"), notice(True), end(0, search), piece("It "), piece("is.")),
            *(v1.StreamEvent(part_end=last), v1.StreamEvent(complete=left_out)),
        ]
        for sequence, event in enumerate(events, 1):
            event.sequence = sequence
            output.add(event)
        whole = cited("It is.")
        whole.text.logprobs.extend([token("It "), token("is.")])
        message = output.generation().message
        assert list(message.parts) == [search, whole]
        assert message.provider_data == data('{"id":"m"}')


def test_the_remainder_of_a_part_is_completed_by_its_deltas() -> None:
    def call_delta(words: str) -> v1.StreamEvent:
        return v1.StreamEvent(
            tool_call_delta=v1.ToolCallDelta(part_index=1, arguments_fragment=words)
        )

    def short(part: int, remainder: v1.Part) -> v1.StreamEvent:
        return v1.StreamEvent(part_end=v1.PartEnd(part_index=part, remainder=remainder))

    def thought(words: str) -> v1.Part:
        return v1.Part(reasoning=v1.ReasoningPart(text=words, signature=b"s"))

    output = Output()
    events = [
        *(reasoning(0, "void"), call_delta("void"), notice(True)),
        *(reasoning(0, "h"), reasoning(0, "m"), short(0, thought(""))),
        *(call_delta('{"a"'), call_delta(":1}"), short(1, CALL), DONE),
    ]
    for sequence, event in enumerate(events, 1):
        event.sequence = sequence
        output.add(event)
    whole = v1.Part()
    whole.CopyFrom(CALL)
    whole.tool_call.arguments_json = '{"a":1}'
    assert list(output.generation().message.parts) == [thought("hm"), whole]


START = {"sequence": 1, "writer": 7, "kind": "start", "stream_id": "s.1", "resumable": True}


@pytest.mark.parametrize("take", ["text", "collect"])
def test_a_stream_that_fails_has_no_output(take: Take, read_output: ReadOutput) -> None:
    failure = {"code": "UNAVAILABLE", "reason": "OWNER_LOST", "retryable": True}
    said = {"sequence": 2, "writer": 7, "kind": "text"}
    failed = {"sequence": 3, "writer": 7, "kind": "error", "error": failure}
    with Server([{"events": [START, said, failed], "end": "ok"}]) as server:
        with pytest.raises(SteerError) as raised:
            read_output(Plan(server.service, server.address, v1.StreamGenerateRequest()), take)
    assert raised.value.reason == "OWNER_LOST"


@pytest.mark.parametrize("named", v1.MidStreamRecovery.keys())
def test_a_recovery_that_the_caller_names_stays(named: str) -> None:
    request = v1.StreamGenerateRequest(spec=v1.GenerationSpec(model="m", prompt="p"))
    request.spec.routing.mid_stream_recovery = v1.MidStreamRecovery.Value(named)
    before = request.SerializeToString(deterministic=True)
    scripts = [
        {"events": [START], "end": "ok"},
        {"events": [{"sequence": 2, "writer": 7, "kind": "complete"}], "end": "ok"},
    ]
    with Server(scripts) as server, Client(server.address) as client:
        client.stream_generate(request).text()
        first, second = server.service.requests
    asked = v1.MidStreamRecovery.Name(first.spec.routing.mid_stream_recovery)
    unspecified = "MID_STREAM_RECOVERY_UNSPECIFIED"
    assert asked == ("MID_STREAM_RECOVERY_RESTART" if named == unspecified else named)
    assert first.accepts_discard
    assert second.accepts_discard
    assert request.SerializeToString(deterministic=True) == before
