package steer

import (
	"testing"
	"testing/synctest"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
)

func started(more ...vectorEvent) []vectorEvent {
	return append([]vectorEvent{{Sequence: 1, Writer: 7, Kind: "start", StreamID: "s.1", Resumable: true}}, more...)
}

var (
	completed = vectorEvent{Sequence: 2, Writer: 7, Kind: "complete"}
	open      = vectorEnd{word: "open"}
)

func streaming(events []vectorEvent, end vectorEnd) vectorCall {
	return vectorCall{vectorRequest: vectorRequest{Method: "StreamGenerate"}, Events: events, End: end}
}

func resuming(events []vectorEvent, end vectorEnd) vectorCall {
	request := vectorRequest{Method: "ResumeStream", StreamID: "s.1", LastSequence: 1, LastWriter: 7}
	return vectorCall{vectorRequest: request, Events: events, End: end}
}

// read reads a stream of the service to its end; `work` is the consumer's work for each event.
func read(t *testing.T, service *scriptedService, work func(*steerv1.StreamEvent), options ...StreamOption) {
	service.onOpen = func() {}
	client := service.client(t)
	client.random = func() float64 { return 0 }
	every := durationpb.New(10 * time.Second)
	request := &steerv1.StreamGenerateRequest{Options: &steerv1.StreamOptions{HeartbeatInterval: every}}
	for event, err := range client.StreamGenerate(t.Context(), request, options...) {
		if err != nil {
			t.Fatal(err)
		}
		work(event)
	}
	synctest.Wait()
}

func TestSilenceIsResumedAfterThreeHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &scriptedService{scripts: []vectorCall{
			streaming(started(), open), resuming([]vectorEvent{completed}, vectorEnd{}),
		}}
		var cause *Error
		tell := OnReconnect(func(r Reconnect) { cause = r.Cause })
		// The consumer is slow, the call is not.
		read(t, service, func(*steerv1.StreamEvent) { time.Sleep(time.Minute) }, tell)
		equal(t, "reason", cause.Reason, "SILENCE")
		equal(t, "silent for", service.calledAt[1].Sub(service.calledAt[0]), 90*time.Second)
		equal(t, "cancelled", service.cancelled, []bool{true, false})
	})
}

func TestADeliveryThatReachesItsDeadlineIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &scriptedService{scripts: []vectorCall{
			streaming(started(), open), resuming([]vectorEvent{completed}, vectorEnd{}),
		}}
		var sequences []int32
		keep := func(event *steerv1.StreamEvent) { sequences = append(sequences, event.GetSequence()) }
		read(t, service, keep, WithDeliveryTimeout(5*time.Second))
		equal(t, "sequences", sequences, []int32{1, 2})
		equal(t, "resumed after", service.calledAt[1].Sub(service.calledAt[0]), 5*time.Second)
	})
}

func TestAStoreThatGoesAwayIsToldOnceAndOnceWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		beat := func(isUndurable bool) vectorEvent {
			return vectorEvent{Sequence: 1, Kind: "heartbeat", Undurable: isUndurable}
		}
		events := started(beat(false), beat(true), beat(true), beat(false), completed)
		service := &scriptedService{scripts: []vectorCall{streaming(events, vectorEnd{})}}
		var told []bool
		tell := OnDurability(func(isDurable bool) { told = append(told, isDurable) })
		read(t, service, func(*steerv1.StreamEvent) {}, tell)
		equal(t, "told", told, []bool{false, true})
	})
}

func TestACallThatDoesNotEndAfterItsLastEventIsCancelledAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &scriptedService{scripts: []vectorCall{streaming(started(completed), open)}}
		began := time.Now()
		read(t, service, func(*steerv1.StreamEvent) {})
		equal(t, "took", time.Since(began), time.Second)
		equal(t, "cancelled", service.cancelled, []bool{true})
	})
}

func TestAConsumerThatLeavesAtTheLastEventLetsTheCallEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &scriptedService{scripts: []vectorCall{streaming(started(completed), open)}}
		service.onOpen = func() {}
		began := time.Now()
		for event := range service.client(t).StreamGenerate(t.Context(), &steerv1.StreamGenerateRequest{}) {
			if event.GetComplete() != nil {
				break
			}
		}
		equal(t, "took", time.Since(began), time.Second)
	})
}

func TestAnErrorOfALibraryHasItsCodeAlone(t *testing.T) {
	err := ErrorOf(vectorEnd{Code: codes.Unavailable}.status().Err())
	equal(t, "code", err.Code, codes.Unavailable)
	equal(t, "retryable", err.Retryable, true)
	equal(t, "from the gateway", err.FromGateway, false)
	equal(t, "again", ErrorOf(err), err)
}
