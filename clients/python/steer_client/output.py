"""The valid output of a stream, without output that a notice voided."""

from __future__ import annotations

from dataclasses import dataclass, field

from grpc import StatusCode
from steer import v1

from .error import SteerError


@dataclass(slots=True)
class _Part:
    """A part, built from deltas or received whole at its end."""

    pieces: list[str] = field(default_factory=list)
    logprobs: list[v1.TokenLogprob] = field(default_factory=list)
    is_reasoning: bool = False
    whole: v1.Part | None = None

    def message(self) -> v1.Part:
        if self.whole is not None:
            return self._with_logprobs(self.whole)
        text = "".join(self.pieces)
        if self.is_reasoning:
            return v1.Part(reasoning=v1.ReasoningPart(text=text))
        return v1.Part(text=v1.TextPart(text=text, logprobs=self.logprobs))

    def _with_logprobs(self, whole: v1.Part) -> v1.Part:
        """Token probabilities of a text that came whole are in the deltas."""
        if not self.logprobs or not whole.HasField("text") or whole.text.logprobs:
            return whole
        part = v1.Part()
        part.CopyFrom(whole)
        part.text.logprobs.extend(self.logprobs)
        return part


def _completed(remainder: v1.Part, text: str) -> v1.Part:
    """Completes a part whose `part_end` left out its text with the text of its deltas."""
    part = v1.Part()
    part.CopyFrom(remainder)
    match part.WhichOneof("data"):
        case "text":
            part.text.text = text
        case "tool_call":
            part.tool_call.arguments_json = text
        case "reasoning":
            part.reasoning.text = text
    return part


def _text_of(message: v1.Message) -> str:
    return "".join(part.text.text for part in message.parts)


class Output:
    """Collects the events of one reader; afterwards it has the text and the result."""

    def __init__(self) -> None:
        self._parts: dict[int, _Part] = {}
        #: Arguments of tool calls, for `part_end` events without them.
        self._arguments: dict[int, list[str]] = {}
        #: Sequence of the first event received. 1 after a discard, because earlier output is void.
        #: 0 before the first event.
        self._first_seen = 0
        self._complete = v1.StreamComplete()

    def add(self, event: v1.StreamEvent) -> None:
        self._first_seen = self._first_seen or event.sequence
        match event.WhichOneof("event"):
            case "text_delta":
                part = self._part(event.text_delta.part_index)
                part.pieces.append(event.text_delta.text)
                part.logprobs.extend(event.text_delta.logprobs)
            case "reasoning_delta":
                part = self._part(event.reasoning_delta.part_index)
                part.is_reasoning = True
                part.pieces.append(event.reasoning_delta.text)
            case "tool_call_delta":
                delta = event.tool_call_delta
                fragments = self._arguments.setdefault(delta.part_index, [])
                fragments.append(delta.arguments_fragment)
            case "part_end" if event.part_end.HasField("part"):
                self._part(event.part_end.part_index).whole = event.part_end.part
            case "part_end" if event.part_end.HasField("remainder"):
                index = event.part_end.part_index
                part = self._part(index)
                text = "".join(part.pieces or self._arguments.get(index, []))
                part.whole = _completed(event.part_end.remainder, text)
            case "attempt_notice" if event.attempt_notice.discard_output:
                self._parts.clear()
                self._arguments.clear()
                self._first_seen = 1
            case "complete":
                self._complete = event.complete

    def text(self) -> str:
        generation = self._complete.generation
        if not generation.HasField("message") and generation.output_text:
            return generation.output_text
        return _text_of(self._message())

    def generation(self) -> v1.Generation:
        generation = v1.Generation()
        generation.CopyFrom(self._complete.generation)
        generation.message.CopyFrom(self._message())
        generation.output_text = generation.output_text or _text_of(generation.message)
        return generation

    def _is_whole(self) -> bool:
        """True if every event of the valid output was received. An older service sends 0."""
        return 0 < self._first_seen <= max(1, self._complete.first_output_sequence)

    def _part(self, index: int) -> _Part:
        return self._parts.setdefault(index, _Part())

    def _message(self) -> v1.Message:
        if self._complete.generation.HasField("message"):
            return self._complete.generation.message
        if not self._is_whole():
            raise SteerError(
                StatusCode.FAILED_PRECONDITION,
                "the stream was read from its middle on, and its last event has no message",
                reason="OUTPUT_INCOMPLETE",
            )
        parts = [self._parts[index].message() for index in sorted(self._parts)]
        message = v1.Message(role=v1.Role.ROLE_ASSISTANT, parts=parts)
        if self._complete.HasField("provider_data"):
            message.provider_data.CopyFrom(self._complete.provider_data)
        return message
