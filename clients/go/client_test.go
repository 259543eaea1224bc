package steer

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

// A service that refuses so many calls before it answers.
type refusingService struct {
	steerv1.UnimplementedGenerationServiceServer
	refusals int
	pushback string

	keys, requestIDs []string
	calledAt         []time.Time
}

func (s *refusingService) Generate(ctx context.Context, request *steerv1.GenerateRequest) (*steerv1.GenerateResponse, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	s.keys = append(s.keys, headers.Get("authorization")...)
	s.requestIDs = append(s.requestIDs, request.GetRequestId())
	s.calledAt = append(s.calledAt, time.Now())
	if len(s.calledAt) > s.refusals {
		return &steerv1.GenerateResponse{Generation: &steerv1.Generation{OutputText: "Hello"}}, nil
	}
	if s.pushback != "" {
		grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", s.pushback))
	}
	said, err := status.New(codes.Unavailable, "overloaded").WithDetails(
		&errdetails.ErrorInfo{Reason: "OVERLOADED", Domain: "steer"},
		&steerv1.GatewayError{
			Reason: "OVERLOADED", Retryable: true, Attempts: []*steerv1.Attempt{{Index: 1, Provider: "simulator"}},
		},
	)
	if err != nil {
		return nil, err
	}
	return nil, said.Err()
}

func (s *refusingService) generate(t *testing.T) (*steerv1.GenerateResponse, error) {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	steerv1.RegisterGenerationServiceServer(server, s)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	channel, err := Dial("passthrough:///memory", "key",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return listener.DialContext(ctx)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { channel.Close() })
	return NewClient(channel).Generate(t.Context(), &steerv1.GenerateRequest{})
}

func TestTheChannelRepeatsARefusedCallWhenTheServiceAsksForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &refusingService{refusals: 2, pushback: "1500"}
		response, err := service.generate(t)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "text", response.GetGeneration().GetOutputText(), "Hello")
		equal(t, "keys", service.keys, []string{"Bearer key", "Bearer key", "Bearer key"})
		equal(t, "calls with one request_id", service.requestIDs[0] != "" &&
			service.requestIDs[0] == service.requestIDs[1] && service.requestIDs[1] == service.requestIDs[2], true)
		equal(t, "waited", service.calledAt[2].Sub(service.calledAt[0]), 3*time.Second)
	})
}

func TestANegativePushbackEndsACallWithItsTypedError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &refusingService{refusals: 1, pushback: "-1"}
		_, err := service.generate(t)
		failure := err.(*Error)
		equal(t, "calls", len(service.calledAt), 1)
		equal(t, "code", status.Code(err), codes.Unavailable)
		equal(t, "reason", failure.Reason, "OVERLOADED")
		equal(t, "retryable", failure.Retryable, true)
		equal(t, "from the gateway", failure.FromGateway, true)
		equal(t, "provider", failure.Detail.GetAttempts()[0].GetProvider(), "simulator")
	})
}

func TestTheChannelMakesAtMostThreeCallsOfOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &refusingService{refusals: 9}
		_, err := service.generate(t)
		equal(t, "code", status.Code(err), codes.Unavailable)
		equal(t, "calls", len(service.calledAt), 3)
	})
}
