package steer

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// A service that plays the scripts of a vector, one per call, over gRPC in memory.
type scriptedService struct {
	steerv1.UnimplementedGenerationServiceServer
	scripts []vectorCall
	// onOpen is called when a call has sent all its events and only the reader ends it.
	onOpen func()

	mutex      sync.Mutex
	made       []vectorRequest
	flags      []vectorFlags
	requestIDs []string
	calledAt   []time.Time
	cancelled  []bool
}

// client calls the service over a channel of Dial, until the test ends.
func (s *scriptedService) client(t *testing.T) *Client {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	steerv1.RegisterGenerationServiceServer(server, s)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	channel, err := Dial("127.0.0.1:1", "key",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return listener.DialContext(ctx)
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { channel.Close() })
	return NewClient(channel)
}

// Flags of each call, beside its position.
type vectorFlags struct {
	acceptsDiscard bool
	recovery       string
}

type eventSender = grpc.ServerStreamingServer[steerv1.StreamEvent]

func (s *scriptedService) StreamGenerate(request *steerv1.StreamGenerateRequest, sender eventSender) error {
	s.mutex.Lock()
	s.requestIDs = append(s.requestIDs, request.GetRequestId())
	recovery := request.GetSpec().GetRouting().GetMidStreamRecovery().String()
	s.flags = append(s.flags, vectorFlags{request.GetAcceptsDiscard(), recovery})
	s.mutex.Unlock()
	return s.play(vectorRequest{Method: "StreamGenerate"}, sender)
}

func (s *scriptedService) ResumeStream(request *steerv1.ResumeStreamRequest, sender eventSender) error {
	s.mutex.Lock()
	s.flags = append(s.flags, vectorFlags{acceptsDiscard: request.GetAcceptsDiscard()})
	s.mutex.Unlock()
	return s.play(vectorRequest{
		"ResumeStream", request.GetStreamId(), request.GetLastSequence(), request.GetLastWriter(),
	}, sender)
}

func (s *scriptedService) play(request vectorRequest, sender eventSender) error {
	s.mutex.Lock()
	index := len(s.made)
	s.made = append(s.made, request)
	s.calledAt = append(s.calledAt, time.Now())
	s.cancelled = append(s.cancelled, false)
	s.mutex.Unlock()
	if index >= len(s.scripts) {
		return status.Errorf(codes.Unimplemented, "call %d has no script", index+1)
	}
	script := s.scripts[index]
	for _, event := range script.Events {
		if err := sender.Send(event.message()); err != nil {
			return err
		}
	}
	if script.End.word == "open" {
		s.onOpen()
		<-sender.Context().Done()
		s.mutex.Lock()
		s.cancelled[index] = true
		s.mutex.Unlock()
	}
	if script.End.PushbackMs != nil {
		sender.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", strconv.Itoa(*script.End.PushbackMs)))
	}
	return script.End.status().Err()
}

func (e vectorEnd) status() *status.Status {
	said := status.New(codes.Code(e.Code), "scripted")
	var details []protoadapt.MessageV1
	if e.GatewayError != nil {
		detail := e.GatewayError.message()
		detail.Code = int32(e.Code)
		details = append(details, protoadapt.MessageV1Of(detail))
	}
	if e.RetryInfoMs != 0 {
		delay := durationpb.New(time.Duration(e.RetryInfoMs) * time.Millisecond)
		details = append(details, protoadapt.MessageV1Of(&errdetails.RetryInfo{RetryDelay: delay}))
	}
	if len(details) > 0 {
		said, _ = said.WithDetails(details...)
	}
	return said
}

func (e *vectorError) message() *steerv1.GatewayError {
	if e == nil {
		return &steerv1.GatewayError{Code: int32(codes.Unknown)}
	}
	return &steerv1.GatewayError{Code: int32(e.Code), Reason: e.Reason, Retryable: e.Retryable}
}

func (e vectorEvent) message() *steerv1.StreamEvent {
	event := &steerv1.StreamEvent{Sequence: e.Sequence, Writer: e.Writer}
	newer := int32(0)
	if e.Newer {
		newer = 99 // no current enum has this value
	}
	switch e.Kind {
	case "start":
		durability := steerv1.StreamDurability(newer)
		start := &steerv1.StreamStart{StreamId: e.StreamID, Resumable: e.Resumable, Durability: durability}
		event.Event = &steerv1.StreamEvent_Start{Start: start}
	case "text":
		delta := &steerv1.TextDelta{PartIndex: e.Part, Text: e.text()}
		event.Event = &steerv1.StreamEvent_TextDelta{TextDelta: delta}
	case "reasoning":
		delta := &steerv1.ReasoningDelta{PartIndex: e.Part, Text: e.text()}
		event.Event = &steerv1.StreamEvent_ReasoningDelta{ReasoningDelta: delta}
	case "notice":
		action := steerv1.RecoveryAction(newer)
		notice := &steerv1.AttemptNotice{DiscardOutput: e.DiscardOutput, Action: action}
		event.Event = &steerv1.StreamEvent_AttemptNotice{AttemptNotice: notice}
	case "part_end":
		end := &steerv1.PartEnd{PartIndex: e.Part, Part: new(steerv1.Part)}
		event.Event = &steerv1.StreamEvent_PartEnd{PartEnd: end}
	case "heartbeat":
		event.Event = &steerv1.StreamEvent_Heartbeat{Heartbeat: &steerv1.Heartbeat{Undurable: e.Undurable}}
	case "complete":
		reason := steerv1.FinishReason(newer)
		complete := &steerv1.StreamComplete{
			Generation:     &steerv1.Generation{OutputText: e.OutputText, FinishReason: reason},
			MessageOmitted: e.HasNoMessage, FirstOutputSequence: e.FirstOutput,
		}
		if e.MessageText != nil {
			text := &steerv1.Part_Text{Text: &steerv1.TextPart{Text: *e.MessageText}}
			message := &steerv1.Message{Parts: []*steerv1.Part{{Data: text}}}
			complete.Generation.Message = message
		}
		event.Event = &steerv1.StreamEvent_Complete{Complete: complete}
	case "error":
		failure := &steerv1.StreamError{Error: e.Error.message()}
		failure.Error.Category = steerv1.ErrorCategory(newer)
		event.Event = &steerv1.StreamEvent_Error{Error: failure}
	case "unknown":
	default:
		panic("no event of kind " + e.Kind)
	}
	return event
}

func (e vectorEvent) text() string {
	if e.Text != nil {
		return *e.Text
	}
	return strconv.Itoa(int(e.Sequence)) + " "
}
