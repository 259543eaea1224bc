package steer

import (
	"maps"
	"slices"
	"strings"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// OnDiscard is called with each attempt_notice that has discard_output, right before the event is
// returned: all output so far is void. A user interface clears its answer there.
func OnDiscard(tell func(*steerv1.AttemptNotice)) StreamOption {
	return func(r *reader) { r.onDiscard = tell }
}

// Text reads a stream to its end and returns the valid text: the text parts in the order of their
// index, joined, without voided output. If the stream fails, Text returns its *Error and no text.
// OUTPUT_INCOMPLETE: the stream succeeded, but the events began after the first valid output, and
// the last event has no message.
func Text(events Events) (string, error) {
	read, err := collect(events)
	if err != nil {
		return "", err
	}
	message := read.complete.GetGeneration().GetMessage()
	if message == nil {
		if text := read.complete.GetGeneration().GetOutputText(); text != "" {
			return text, nil
		}
		if message, err = read.message(); err != nil {
			return "", err
		}
	}
	return textOf(message), nil
}

// TextOf joins the text parts of a message.
func textOf(message *steerv1.Message) string {
	var text strings.Builder
	for _, part := range message.GetParts() {
		text.WriteString(part.GetText().GetText())
	}
	return text.String()
}

// Collect reads a stream to its end and returns its result, always with the message and its
// output_text, which are assembled from the events if the last event leaves them out. Its errors
// are those of Text.
func Collect(events Events) (*steerv1.Generation, error) {
	read, err := collect(events)
	if err != nil {
		return nil, err
	}
	generation := new(steerv1.Generation)
	if given := read.complete.GetGeneration(); given != nil {
		generation = proto.CloneOf(given)
	}
	if generation.Message == nil {
		if generation.Message, err = read.message(); err != nil {
			return nil, err
		}
	}
	if generation.OutputText == "" {
		generation.OutputText = textOf(generation.Message)
	}
	return generation, nil
}

// A part, built from deltas or received whole at its end.
type part struct {
	text        strings.Builder
	logprobs    []*steerv1.TokenLogprob
	isReasoning bool
	whole       *steerv1.Part
}

func (p *part) message() *steerv1.Part {
	switch {
	case p.whole != nil:
		return p.withLogprobs()
	case p.isReasoning:
		reasoning := &steerv1.ReasoningPart{Text: p.text.String()}
		return &steerv1.Part{Data: &steerv1.Part_Reasoning{Reasoning: reasoning}}
	}
	text := &steerv1.TextPart{Text: p.text.String(), Logprobs: p.logprobs}
	return &steerv1.Part{Data: &steerv1.Part_Text{Text: text}}
}

// withLogprobs is a text that came whole, with the token probabilities of its deltas.
func (p *part) withLogprobs() *steerv1.Part {
	text := p.whole.GetText()
	if text == nil || len(p.logprobs) == 0 || len(text.GetLogprobs()) > 0 {
		return p.whole
	}
	whole := proto.CloneOf(p.whole)
	whole.GetText().Logprobs = p.logprobs
	return whole
}

// completedPart completes a part whose part_end left out its text with the text of its deltas.
func completedPart(remainder *steerv1.Part, text string) *steerv1.Part {
	part := proto.CloneOf(remainder)
	switch data := part.GetData().(type) {
	case *steerv1.Part_Text:
		data.Text.Text = text
	case *steerv1.Part_ToolCall:
		data.ToolCall.ArgumentsJson = text
	case *steerv1.Part_Reasoning:
		data.Reasoning.Text = text
	}
	return part
}

// An output is the output of a stream so far, without voided parts.
type output struct {
	parts map[int32]*part
	// Arguments of tool calls, for part_end events without them.
	arguments map[int32]*strings.Builder
	// Sequence of the first event received. 1 after a discard, because earlier output is void. 0
	// before the first event.
	firstSeen int32
	complete  *steerv1.StreamComplete
}

func collect(events Events) (*output, error) {
	read := &output{parts: map[int32]*part{}, arguments: map[int32]*strings.Builder{}}
	for event, err := range events {
		if err != nil {
			return nil, err
		}
		read.add(event)
	}
	return read, nil
}

func (o *output) add(event *steerv1.StreamEvent) {
	if o.firstSeen == 0 {
		o.firstSeen = event.GetSequence()
	}
	switch event := event.GetEvent().(type) {
	case *steerv1.StreamEvent_TextDelta:
		part := o.part(event.TextDelta.GetPartIndex())
		part.text.WriteString(event.TextDelta.GetText())
		part.logprobs = append(part.logprobs, event.TextDelta.GetLogprobs()...)
	case *steerv1.StreamEvent_ReasoningDelta:
		part := o.part(event.ReasoningDelta.GetPartIndex())
		part.isReasoning = true
		part.text.WriteString(event.ReasoningDelta.GetText())
	case *steerv1.StreamEvent_ToolCallDelta:
		index := event.ToolCallDelta.GetPartIndex()
		if o.arguments[index] == nil {
			o.arguments[index] = new(strings.Builder)
		}
		o.arguments[index].WriteString(event.ToolCallDelta.GetArgumentsFragment())
	case *steerv1.StreamEvent_PartEnd:
		index := event.PartEnd.GetPartIndex()
		if whole := event.PartEnd.GetPart(); whole != nil {
			o.part(index).whole = whole
		} else if remainder := event.PartEnd.GetRemainder(); remainder != nil {
			text := o.part(index).text.String()
			if fragments := o.arguments[index]; fragments != nil {
				text = fragments.String()
			}
			o.part(index).whole = completedPart(remainder, text)
		}
	case *steerv1.StreamEvent_AttemptNotice:
		if event.AttemptNotice.GetDiscardOutput() {
			clear(o.parts)
			clear(o.arguments)
			o.firstSeen = 1
		}
	case *steerv1.StreamEvent_Complete:
		o.complete = event.Complete
	}
}

func (o *output) part(index int32) *part {
	if o.parts[index] == nil {
		o.parts[index] = new(part)
	}
	return o.parts[index]
}

// isWhole is true if every event of the valid output was received. An older service sends 0.
func (o *output) isWhole() bool {
	return o.firstSeen > 0 && o.firstSeen <= max(1, o.complete.GetFirstOutputSequence())
}

func (o *output) message() (*steerv1.Message, error) {
	if !o.isWhole() {
		return nil, &Error{
			Code: codes.FailedPrecondition, Reason: "OUTPUT_INCOMPLETE",
			Message: "the stream was read from its middle on, and its last event has no message",
		}
	}
	message := &steerv1.Message{
		Role:         steerv1.Role_ROLE_ASSISTANT,
		ProviderData: o.complete.GetProviderData(),
	}
	for _, index := range slices.Sorted(maps.Keys(o.parts)) {
		message.Parts = append(message.Parts, o.parts[index].message())
	}
	return message, nil
}
