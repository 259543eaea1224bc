package steerconnect

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"github.com/steer-gateway/steer/gen/go/steer/v1/steerv1connect"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
)

// A service whose streams break after their first event, and which refuses unary calls.
type breakingService struct {
	steerv1connect.UnimplementedGenerationServiceHandler
	// if set, a stream stays open until its reader has gone; then the channel is closed
	left    chan struct{}
	keys    []string
	resumed *steerv1.ResumeStreamRequest
	// refusals is the number of Generate calls that are refused with a pushback.
	refusals   int
	requestIDs []string
}

func failure(code connect.Code, detail *steerv1.GatewayError) error {
	err := connect.NewError(code, errors.New("scripted"))
	packed, _ := connect.NewErrorDetail(detail)
	err.AddDetail(packed)
	return err
}

func (s *breakingService) Generate(_ context.Context, request *connect.Request[steerv1.GenerateRequest]) (*connect.Response[steerv1.GenerateResponse], error) {
	s.keys = append(s.keys, request.Header().Get("authorization"))
	s.requestIDs = append(s.requestIDs, request.Msg.GetRequestId())
	if s.refusals > 0 {
		if len(s.requestIDs) > s.refusals {
			return connect.NewResponse(new(steerv1.GenerateResponse)), nil
		}
		refusal := connect.NewError(connect.CodeUnavailable, errors.New("scripted"))
		refusal.Meta().Set(pushback, "1")
		return nil, refusal
	}
	return nil, failure(connect.CodeResourceExhausted, &steerv1.GatewayError{
		Reason: "PROVIDER_RATE_LIMIT", Retryable: true, RetryDelay: durationpb.New(3 * time.Second),
	})
}

func (s *breakingService) StreamGenerate(ctx context.Context, request *connect.Request[steerv1.StreamGenerateRequest], sender *connect.ServerStream[steerv1.StreamEvent]) error {
	s.keys = append(s.keys, request.Header().Get("authorization"))
	start := &steerv1.StreamStart{StreamId: "s.1", Resumable: true}
	event := &steerv1.StreamEvent{Sequence: 1, Writer: 7, Event: &steerv1.StreamEvent_Start{Start: start}}
	if err := sender.Send(event); err != nil {
		return err
	}
	if s.left != nil {
		<-ctx.Done()
		close(s.left)
		return nil
	}
	return failure(connect.CodeUnavailable, &steerv1.GatewayError{Reason: "DRAINING", Retryable: true})
}

func (s *breakingService) ResumeStream(_ context.Context, request *connect.Request[steerv1.ResumeStreamRequest], sender *connect.ServerStream[steerv1.StreamEvent]) error {
	s.keys = append(s.keys, request.Header().Get("authorization"))
	s.resumed = request.Msg
	complete := &steerv1.StreamEvent_Complete{Complete: &steerv1.StreamComplete{}}
	return sender.Send(&steerv1.StreamEvent{Sequence: 2, Writer: 7, Event: complete})
}

func client(t *testing.T, service *breakingService) *steer.Client {
	mux := http.NewServeMux()
	mux.Handle(steerv1connect.NewGenerationServiceHandler(service))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return New(steerv1connect.NewGenerationServiceClient(server.Client(), server.URL), "key")
}

func TestAStreamThatBreaksGoesOn(t *testing.T) {
	service := new(breakingService)
	var reasons []string
	tell := steer.OnReconnect(func(r steer.Reconnect) { reasons = append(reasons, r.Cause.Reason) })
	var sequences []int32
	request := new(steerv1.StreamGenerateRequest)
	for event, err := range client(t, service).StreamGenerate(t.Context(), request, tell) {
		if err != nil {
			t.Fatal(err)
		}
		sequences = append(sequences, event.GetSequence())
	}
	if len(sequences) != 2 || sequences[0] != 1 || sequences[1] != 2 {
		t.Errorf("sequences %v", sequences)
	}
	if len(reasons) != 1 || reasons[0] != "DRAINING" {
		t.Errorf("reasons %v", reasons)
	}
	if r := service.resumed; r.GetStreamId() != "s.1" || r.GetLastSequence() != 1 || r.GetLastWriter() != 7 {
		t.Errorf("resumed from %v", r)
	}
	if len(service.keys) != 2 || service.keys[0] != "Bearer key" || service.keys[1] != "Bearer key" {
		t.Errorf("keys %v", service.keys)
	}
}

func TestLeavingTheLoopCancelsTheCall(t *testing.T) {
	service := &breakingService{left: make(chan struct{})}
	for event := range client(t, service).StreamGenerate(t.Context(), new(steerv1.StreamGenerateRequest)) {
		if event.GetStart() != nil {
			break
		}
	}
	select {
	case <-service.left:
	case <-time.After(time.Minute):
		t.Error("the service still sends")
	}
}

func TestAnErrorIsTyped(t *testing.T) {
	_, err := client(t, new(breakingService)).Generate(t.Context(), new(steerv1.GenerateRequest))
	var failure *steer.Error
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	if failure.Code != codes.ResourceExhausted || failure.Reason != "PROVIDER_RATE_LIMIT" ||
		!failure.Retryable || failure.RetryDelay != 3*time.Second || !failure.FromGateway {
		t.Errorf("%+v", failure)
	}
}

func TestARefusedCallIsRepeated(t *testing.T) {
	service := &breakingService{refusals: 2}
	if _, err := client(t, service).Generate(t.Context(), new(steerv1.GenerateRequest)); err != nil {
		t.Fatal(err)
	}
	ids := service.requestIDs
	if len(ids) != 3 || ids[0] == "" || ids[0] != ids[1] || ids[1] != ids[2] {
		t.Errorf("calls %v", ids)
	}
}
