package steer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// Fields as in docs/resuming.md.
type vector struct {
	Name       string
	Repeatable *bool
	Cursor     *struct {
		StreamID string `json:"stream_id"`
		Sequence int32
		Writer   uint32
	}
	Stop struct {
		How           string
		AfterSequence int32 `json:"after_sequence"`
		InWait        int   `json:"in_wait"`
	}
	Request struct {
		Recovery string `json:"mid_stream_recovery"`
	}
	Random    float64
	Calls     []vectorCall
	Applied   []int32
	Discards  []int32
	Text         *string
	TextError    string `json:"text_error"`
	CollectError string `json:"collect_error"`
	Outcome   struct {
		Ended, Reason string
		Code          codes.Code
	}
	WaitsMs []int64 `json:"waits_ms"`
}

// A call that the reader must make, and its script.
type vectorCall struct {
	vectorRequest
	AcceptsDiscard *bool  `json:"accepts_discard"`
	Recovery       string `json:"mid_stream_recovery"`
	Events         []vectorEvent
	End            vectorEnd
	Cancelled      bool
}

type vectorRequest struct {
	Method       string
	StreamID     string `json:"stream_id"`
	LastSequence int32  `json:"last_sequence"`
	LastWriter   uint32 `json:"last_writer"`
}

type vectorEvent struct {
	Sequence      int32
	Writer        uint32
	Kind          string
	StreamID      string `json:"stream_id"`
	Resumable     bool
	DiscardOutput bool `json:"discard_output"`
	Undurable     bool
	Text          *string
	Part          int32
	OutputText    string  `json:"output_text"`
	MessageText   *string `json:"message_text"`
	HasNoMessage  bool    `json:"message_omitted"`
	FirstOutput   int32   `json:"first_output_sequence"`
	Newer         bool
	Error         *vectorError
}

type vectorError struct {
	Code      codes.Code
	Reason    string
	Retryable bool
}

// The words "ok" and "open", or a status.
type vectorEnd struct {
	word         string
	Code         codes.Code
	GatewayError *vectorError `json:"gateway_error"`
	RetryInfoMs  int64        `json:"retry_info_ms"`
	PushbackMs   *int         `json:"pushback_ms"`
}

func (e *vectorEnd) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, &e.word)
	}
	type fields vectorEnd
	return json.Unmarshal(text, (*fields)(e))
}

func readVectors(t *testing.T) []vector {
	text, err := os.ReadFile("../../tests/fixtures/resume-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	return file.Vectors
}

// The observations of a reader that played a vector.
type told struct {
	applied    []int32
	discards   []int32
	ended      string
	failure    *Error
	reconnects []Reconnect
	waitsBegan []time.Time
}

// Time is virtual: it passes when nothing else can happen.
func (v vector) play(t *testing.T, service *scriptedService) (got told) {
	ctx, end := context.WithCancelCause(t.Context())
	stop := func() {
		end(map[string]error{"cancel": context.Canceled, "deadline": context.DeadlineExceeded}[v.Stop.How])
	}
	service.onOpen = func() {
		if v.Stop.How == "cancel" || v.Stop.How == "deadline" {
			time.AfterFunc(time.Second, stop)
		}
	}
	onReconnect := OnReconnect(func(r Reconnect) {
		got.reconnects = append(got.reconnects, r)
		got.waitsBegan = append(got.waitsBegan, time.Now())
		if len(got.reconnects) == v.Stop.InWait {
			time.AfterFunc(r.Wait/2, stop)
		}
	})
	client := service.client(t)
	client.random = func() float64 { return v.Random }
	onDiscard := OnDiscard(func(*steerv1.AttemptNotice) {
		// The hook is called before the event is returned.
		got.discards = append(got.discards, v.position(got.applied)+1)
	})
	got.ended = "complete"
	for event, err := range v.events(ctx, client, onReconnect, onDiscard) {
		if err != nil {
			got.ended, got.failure = endOf(err), err.(*Error)
			continue // nothing may follow it
		}
		if got.failure != nil {
			t.Error("an event after the error")
		}
		got.applied = append(got.applied, event.GetSequence())
		if v.Stop.How == "leave" && v.Stop.AfterSequence == event.GetSequence() {
			got.ended = "left"
			break
		}
	}
	synctest.Wait()
	return got
}

func (v vector) events(ctx context.Context, client *Client, options ...StreamOption) Events {
	if v.Cursor != nil {
		return client.ResumeStream(ctx, Cursor(*v.Cursor), options...)
	}
	isEphemeral := v.Repeatable != nil && !*v.Repeatable
	recovery := steerv1.MidStreamRecovery_value["MID_STREAM_RECOVERY_"+v.Request.Recovery]
	request := &steerv1.StreamGenerateRequest{
		Spec: &steerv1.GenerationSpec{Routing: &steerv1.RoutingPolicy{
			MidStreamRecovery: steerv1.MidStreamRecovery(recovery),
		}},
		Options: &steerv1.StreamOptions{Ephemeral: isEphemeral},
	}
	before := proto.CloneOf(request)
	events := client.StreamGenerate(ctx, request, append(options, WithSilence(0))...)
	if !proto.Equal(request, before) {
		panic("the caller's request was changed")
	}
	return events
}

func endOf(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	}
	return "error"
}

// the reader of a stream, tested with the vectors.
func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &scriptedService{scripts: v.Calls}
				got := v.play(t, service)
				v.check(t, service, got)
			})
		})
	}
}

// The readers of output, tested with the vectors' expected texts.
func TestVectorsOfOutput(t *testing.T) {
	for _, v := range readVectors(t) {
		if v.Text == nil && v.TextError == "" {
			continue
		}
		read := func(t *testing.T) Events {
			client := (&scriptedService{scripts: v.Calls, onOpen: func() {}}).client(t)
			client.random = func() float64 { return v.Random }
			return v.events(t.Context(), client)
		}
		t.Run(v.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				text, err := Text(read(t))
				v.checkText(t, "text", text, err, v.TextError)
			})
			synctest.Test(t, func(t *testing.T) {
				generation, err := Collect(read(t))
				failure := cmp.Or(v.CollectError, v.TextError)
				v.checkText(t, "collected message", textOf(generation.GetMessage()), err, failure)
				v.checkText(t, "collected text", generation.GetOutputText(), err, failure)
			})
		})
	}
}

// checkText compares the text with the vector's; with a reason, it compares the error's reason.
func (v vector) checkText(t *testing.T, what, text string, err error, reason string) {
	t.Helper()
	if reason != "" {
		var failure *Error
		if !errors.As(err, &failure) {
			t.Fatalf("%s: no error, %q", what, text)
		}
		equal(t, what+" fails with", failure.Reason, reason)
		return
	}
	if err != nil {
		t.Fatal(what, err)
	}
	equal(t, what, text, *v.Text)
}

func (v vector) check(t *testing.T, service *scriptedService, got told) {
	var requests []vectorRequest
	var cancelled []bool
	for _, call := range v.Calls {
		requests = append(requests, call.vectorRequest)
		cancelled = append(cancelled, call.Cancelled)
	}
	equal(t, "calls", service.made, requests)
	for index, call := range v.Calls[:min(len(v.Calls), len(service.flags))] {
		flags := service.flags[index]
		if call.AcceptsDiscard != nil {
			equal(t, "accepts_discard", flags.acceptsDiscard, *call.AcceptsDiscard)
		}
		if call.Recovery != "" {
			equal(t, "mid_stream_recovery", flags.recovery, "MID_STREAM_RECOVERY_"+call.Recovery)
		}
	}
	if v.Discards != nil {
		equal(t, "discards", append([]int32{}, got.discards...), v.Discards)
	}
	equal(t, "cancelled", service.cancelled, cancelled)
	equal(t, "applied", append([]int32{}, got.applied...), v.Applied)
	equal(t, "ended", got.ended, v.Outcome.Ended)
	for _, id := range service.requestIDs {
		equal(t, "request_id", id, service.requestIDs[0])
		equal(t, "has request_id", id != "", v.Repeatable == nil || *v.Repeatable)
	}
	if failure := got.failure; failure != nil {
		if v.Outcome.Ended == "error" {
			equal(t, "code", failure.Code, v.Outcome.Code)
		}
		if v.Outcome.Reason != "" {
			equal(t, "reason", failure.Reason, v.Outcome.Reason)
		}
		equal(t, "position", failure.Cursor.Sequence, v.position(got.applied))
	}
	waits := []int64{}
	for index, reconnect := range got.reconnects {
		waits = append(waits, reconnect.Wait.Milliseconds())
		if call := index + 1; call < len(service.calledAt) {
			equal(t, "waited", service.calledAt[call].Sub(got.waitsBegan[index]), reconnect.Wait)
		}
	}
	equal(t, "waits", waits, v.WaitsMs)
}

// position is the sequence of the last event returned, or the position at which the reader started.
func (v vector) position(applied []int32) int32 {
	switch {
	case len(applied) > 0:
		return applied[len(applied)-1]
	case v.Cursor != nil:
		return v.Cursor.Sequence
	}
	return 0
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
