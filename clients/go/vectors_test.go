package steer

import (
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
)

// As docs/resuming.md describes them.
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
	Random  float64
	Calls   []vectorCall
	Applied []int32
	Outcome struct {
		Ended, Reason string
		Code          codes.Code
	}
	WaitsMs []int64 `json:"waits_ms"`
}

// The call that the reader must make, and what it gets.
type vectorCall struct {
	vectorRequest
	Events    []vectorEvent
	End       vectorEnd
	Cancelled bool
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

// What a reader has made of a vector.
type told struct {
	applied    []int32
	ended      string
	failure    *Error
	reconnects []Reconnect
	waitsBegan []time.Time
}

// Time is the bubble's: it passes when nothing else can happen.
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
	isEphemeral := v.Repeatable != nil && !*v.Repeatable
	request := &steerv1.StreamGenerateRequest{Options: &steerv1.StreamOptions{Ephemeral: isEphemeral}}
	events := client.StreamGenerate(ctx, request, onReconnect, WithSilence(0))
	if v.Cursor != nil {
		events = client.ResumeStream(ctx, Cursor(*v.Cursor), onReconnect)
	}
	got.ended = "complete"
	for event, err := range events {
		if err != nil {
			got.ended, got.failure = endOf(err), err.(*Error)
			continue // whatever comes after it is a defect
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

func endOf(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	}
	return "error"
}

// the reader of a stream, by the vectors.
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

func (v vector) check(t *testing.T, service *scriptedService, got told) {
	var requests []vectorRequest
	var cancelled []bool
	for _, call := range v.Calls {
		requests = append(requests, call.vectorRequest)
		cancelled = append(cancelled, call.Cancelled)
	}
	equal(t, "calls", service.made, requests)
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
		position := int32(0)
		if len(got.applied) > 0 {
			position = got.applied[len(got.applied)-1]
		} else if v.Cursor != nil {
			position = v.Cursor.Sequence
		}
		equal(t, "position", failure.Cursor.Sequence, position)
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

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
