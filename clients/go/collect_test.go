package steer

import (
	"testing"
	"testing/synctest"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/protobuf/proto"
)

// Events from one reader, without a transport.
func eventsOf(events ...*steerv1.StreamEvent) Events {
	return func(yield func(*steerv1.StreamEvent, error) bool) {
		for _, event := range events {
			if !yield(event, nil) {
				return
			}
		}
	}
}

func delta(sequence, part int32, text string) *steerv1.StreamEvent {
	delta := &steerv1.TextDelta{PartIndex: part, Text: text}
	return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_TextDelta{TextDelta: delta}}
}

func notice(sequence int32, discards bool) *steerv1.StreamEvent {
	notice := &steerv1.AttemptNotice{DiscardOutput: discards}
	return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_AttemptNotice{AttemptNotice: notice}}
}

func ended(sequence, index int32, part *steerv1.Part) *steerv1.StreamEvent {
	end := &steerv1.PartEnd{PartIndex: index, Part: part}
	return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_PartEnd{PartEnd: end}}
}

func complete(sequence int32, generation *steerv1.Generation) *steerv1.StreamEvent {
	complete := &steerv1.StreamComplete{Generation: generation}
	return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_Complete{Complete: complete}}
}

func textPart(text string) *steerv1.Part {
	return &steerv1.Part{Data: &steerv1.Part_Text{Text: &steerv1.TextPart{Text: text}}}
}

func message(parts ...*steerv1.Part) *steerv1.Generation {
	return &steerv1.Generation{Message: &steerv1.Message{Parts: parts}}
}

func TestTheTextThatStands(t *testing.T) {
	call := &steerv1.Part{Data: &steerv1.Part_ToolCall{ToolCall: &steerv1.ToolCall{Name: "weather"}}}
	long := &steerv1.Generation{OutputText: "whole"}
	cases := map[string]struct {
		events Events
		text   string
		reason string
	}{
		"voided output is dropped":         {eventsOf(delta(1, 0, "old"), notice(2, true), delta(3, 0, "new"), complete(4, nil)), "new", ""},
		"another notice voids nothing":     {eventsOf(delta(1, 0, "old"), notice(2, false), delta(3, 0, " new"), complete(4, nil)), "old new", ""},
		"voided twice":                     {eventsOf(delta(1, 0, "a"), notice(2, true), delta(3, 1, "b"), notice(4, true), delta(5, 0, "c"), complete(6, nil)), "c", ""},
		"parts stand in their order":       {eventsOf(delta(1, 1, "B"), delta(2, 0, "A"), delta(3, 1, "b"), complete(4, nil)), "ABb", ""},
		"a part that is no text":           {eventsOf(delta(1, 0, "A"), ended(2, 1, call), delta(3, 2, "B"), complete(4, nil)), "AB", ""},
		"a part replaced at its end":       {eventsOf(delta(1, 0, "A"), ended(2, 0, textPart("B")), complete(3, nil)), "B", ""},
		"the message of the last event":    {eventsOf(delta(7, 0, "tail"), complete(8, message(textPart("whole"), call, textPart(" text")))), "whole text", ""},
		"output_text of the last event":    {eventsOf(delta(7, 0, "tail"), complete(8, long)), "whole", ""},
		"the last event alone":             {eventsOf(complete(8, long)), "whole", ""},
		"from the middle on":               {eventsOf(delta(7, 0, "tail"), complete(8, nil)), "", "OUTPUT_INCOMPLETE"},
		"from the middle on, then voided":  {eventsOf(delta(7, 0, "tail"), notice(8, true), delta(9, 0, "new"), complete(10, nil)), "new", ""},
		"from the middle on, nothing more": {eventsOf(), "", "OUTPUT_INCOMPLETE"},
		"nothing was said":                 {eventsOf(notice(1, true), complete(2, nil)), "", ""},
	}
	for name, expected := range cases {
		t.Run(name, func(t *testing.T) {
			text, err := Text(expected.events)
			equal(t, "text", text, expected.text)
			reason := ""
			if err != nil {
				reason = err.(*Error).Reason
			}
			equal(t, "reason", reason, expected.reason)
		})
	}
}

func TestAResultIsCollectedWithItsMessage(t *testing.T) {
	call := &steerv1.Part{Data: &steerv1.Part_ToolCall{ToolCall: &steerv1.ToolCall{Name: "weather"}}}
	result := &steerv1.Generation{Provider: "simulator"}
	generation, err := Collect(eventsOf(
		delta(1, 0, "old"), notice(2, true), delta(3, 1, "new"), ended(4, 0, call), complete(5, result),
	))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "provider", generation.GetProvider(), "simulator")
	equal(t, "role", generation.GetMessage().GetRole(), steerv1.Role_ROLE_ASSISTANT)
	equal(t, "parts", len(generation.GetMessage().GetParts()), 2)
	equal(t, "tool", generation.GetMessage().GetParts()[0].GetToolCall().GetName(), "weather")
	equal(t, "text", generation.GetMessage().GetParts()[1].GetText().GetText(), "new")
	equal(t, "the event stays as it is", result.GetMessage() == nil, true)
}

func TestWhatAProviderAddsIsPartOfTheMessage(t *testing.T) {
	token := func(word string) *steerv1.TokenLogprob {
		return &steerv1.TokenLogprob{Token: word, Logprob: -0.5}
	}
	piece := func(sequence int32, word string) *steerv1.StreamEvent {
		delta := &steerv1.TextDelta{PartIndex: 1, Text: word, Logprobs: []*steerv1.TokenLogprob{token(word)}}
		return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_TextDelta{TextDelta: delta}}
	}
	data := func(json string) *steerv1.ProviderData {
		return &steerv1.ProviderData{ProviderType: "openai", Api: "responses", Json: json}
	}
	cited := func(words string, logprobs ...*steerv1.TokenLogprob) *steerv1.Part {
		source := &steerv1.Annotation{Uri: "https://example.com", ProviderData: data(`{"n":1}`)}
		text := &steerv1.TextPart{Text: words, Annotations: []*steerv1.Annotation{source}, Logprobs: logprobs}
		return &steerv1.Part{Data: &steerv1.Part_Text{Text: text}}
	}
	search := &steerv1.Part{Data: &steerv1.Part_ProviderPart{ProviderPart: data(`{"type":"web_search_call"}`)}}
	for _, last := range []*steerv1.PartEnd{
		{PartIndex: 1, Part: cited("It is.")},
		{PartIndex: 1, Remainder: cited("")},
	} {
		end := &steerv1.StreamEvent{Sequence: 6, Event: &steerv1.StreamEvent_PartEnd{PartEnd: last}}
		left := &steerv1.StreamComplete{MessageOmitted: true, ProviderData: data(`{"id":"m"}`)}
		complete := &steerv1.StreamEvent{Sequence: 7, Event: &steerv1.StreamEvent_Complete{Complete: left}}
		generation, err := Collect(eventsOf(
			piece(1, "void"), notice(2, true), ended(3, 0, search),
			piece(4, "It "), piece(5, "is."), end, complete,
		))
		if err != nil {
			t.Fatal(err)
		}
		expected := &steerv1.Message{
			Role:         steerv1.Role_ROLE_ASSISTANT,
			Parts:        []*steerv1.Part{search, cited("It is.", token("It "), token("is."))},
			ProviderData: data(`{"id":"m"}`),
		}
		equal(t, "message", proto.Equal(generation.GetMessage(), expected), true)
		equal(t, "the event stays as it is", len(last.GetPart().GetText().GetLogprobs()), 0)
	}
}

func TestTheRemainderOfAPartIsCompletedByItsDeltas(t *testing.T) {
	thought := func(sequence int32, text string) *steerv1.StreamEvent {
		delta := &steerv1.ReasoningDelta{Text: text}
		return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_ReasoningDelta{ReasoningDelta: delta}}
	}
	called := func(sequence int32, text string) *steerv1.StreamEvent {
		delta := &steerv1.ToolCallDelta{PartIndex: 1, ArgumentsFragment: text}
		return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_ToolCallDelta{ToolCallDelta: delta}}
	}
	short := func(sequence, index int32, remainder *steerv1.Part) *steerv1.StreamEvent {
		end := &steerv1.PartEnd{PartIndex: index, Remainder: remainder}
		return &steerv1.StreamEvent{Sequence: sequence, Event: &steerv1.StreamEvent_PartEnd{PartEnd: end}}
	}
	call := &steerv1.Part{Data: &steerv1.Part_ToolCall{ToolCall: &steerv1.ToolCall{Name: "weather"}}}
	signed := &steerv1.Part{Data: &steerv1.Part_Reasoning{Reasoning: &steerv1.ReasoningPart{Signature: []byte("s")}}}
	generation, err := Collect(eventsOf(
		thought(1, "void"), called(2, "void"), notice(3, true),
		thought(4, "h"), thought(5, "m"), short(6, 0, signed),
		called(7, `{"a"`), called(8, ":1}"), short(9, 1, call), complete(10, nil),
	))
	if err != nil {
		t.Fatal(err)
	}
	parts := generation.GetMessage().GetParts()
	equal(t, "parts", len(parts), 2)
	equal(t, "text", parts[0].GetReasoning().GetText(), "hm")
	equal(t, "signature", string(parts[0].GetReasoning().GetSignature()), "s")
	equal(t, "tool", parts[1].GetToolCall().GetName(), "weather")
	equal(t, "arguments", parts[1].GetToolCall().GetArgumentsJson(), `{"a":1}`)
	equal(t, "the event stays as it is", call.GetToolCall().GetArgumentsJson(), "")
}

func TestAStreamThatFailsHasNoText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := vectorEvent{Sequence: 2, Writer: 7, Kind: "error", Error: &vectorError{Reason: "OWNER_LOST"}}
		service := &scriptedService{scripts: []vectorCall{streaming(started(failed), vectorEnd{})}}
		text, err := Text(service.client(t).StreamGenerate(t.Context(), &steerv1.StreamGenerateRequest{}))
		equal(t, "text", text, "")
		equal(t, "reason", err.(*Error).Reason, "OWNER_LOST")
	})
}

func TestARecoveryThatTheCallerNamesStays(t *testing.T) {
	recoveries := map[steerv1.MidStreamRecovery]string{
		steerv1.MidStreamRecovery_MID_STREAM_RECOVERY_UNSPECIFIED: "MID_STREAM_RECOVERY_RESTART",
		steerv1.MidStreamRecovery_MID_STREAM_RECOVERY_FAIL:        "MID_STREAM_RECOVERY_FAIL",
		steerv1.MidStreamRecovery_MID_STREAM_RECOVERY_CONTINUE:    "MID_STREAM_RECOVERY_CONTINUE",
		steerv1.MidStreamRecovery_MID_STREAM_RECOVERY_RESTART:     "MID_STREAM_RECOVERY_RESTART",
	}
	for named, asked := range recoveries {
		synctest.Test(t, func(t *testing.T) {
			service := &scriptedService{scripts: []vectorCall{
				streaming(started(), vectorEnd{}), resuming([]vectorEvent{completed}, vectorEnd{}),
			}}
			routing := &steerv1.RoutingPolicy{MidStreamRecovery: named}
			spec := &steerv1.GenerationSpec{Routing: routing}
			request := &steerv1.StreamGenerateRequest{Spec: spec}
			if _, err := Text(service.client(t).StreamGenerate(t.Context(), request)); err != nil {
				t.Fatal(err)
			}
			equal(t, "asked for", service.flags, []vectorFlags{{true, asked}, {acceptsDiscard: true}})
			equal(t, "the caller's request", routing.MidStreamRecovery, named)
			equal(t, "the caller's request", request.AcceptsDiscard, false)
		})
	}
}
