package steer

import (
	"context"
	"errors"
	"net"
	"sync"
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

// A service that refuses this many calls before it answers.
type refusingService struct {
	steerv1.UnimplementedGenerationServiceServer
	refusals int
	pushback string
	// reply is the answer to a call that is not refused; unset: "Hello" at once.
	reply func(context.Context) error

	mutex            sync.Mutex
	keys, requestIDs []string
	calledAt         []time.Time
}

func (s *refusingService) Generate(ctx context.Context, request *steerv1.GenerateRequest) (*steerv1.GenerateResponse, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	s.mutex.Lock()
	s.keys = append(s.keys, headers.Get("authorization")...)
	s.requestIDs = append(s.requestIDs, request.GetRequestId())
	s.calledAt = append(s.calledAt, time.Now())
	isRefused := len(s.calledAt) <= s.refusals
	s.mutex.Unlock()
	if !isRefused {
		if s.reply != nil {
			if err := s.reply(ctx); err != nil {
				return nil, err
			}
		}
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

// An address of replicas, like that of a balancer: each connection goes to the newest replica.
type address struct {
	mutex    sync.Mutex
	listener *bufconn.Listener
}

// start puts a replica of the service behind the address.
func (a *address) start(t *testing.T, service steerv1.GenerationServiceServer) *grpc.Server {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer()
	steerv1.RegisterGenerationServiceServer(server, service)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.listener = listener
	return server
}

func (a *address) channel(t *testing.T) *grpc.ClientConn {
	channel, err := Dial("127.0.0.1:1", "key",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			a.mutex.Lock()
			listener := a.listener
			a.mutex.Unlock()
			return listener.DialContext(ctx)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { channel.Close() })
	return channel
}

func (a *address) client(t *testing.T) *Client { return NewClient(a.channel(t)) }

func (s *refusingService) generate(t *testing.T) (*steerv1.GenerateResponse, error) {
	address := new(address)
	address.start(t, s)
	return address.client(t).Generate(t.Context(), &steerv1.GenerateRequest{})
}

func TestACallIsRepeatedWhenTheServiceAsksForIt(t *testing.T) {
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

func TestTheRequestOfTheCallerStaysAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		address := new(address)
		address.start(t, &refusingService{})
		request := &steerv1.GenerateRequest{}
		if _, err := address.client(t).Generate(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		equal(t, "request_id", request.GetRequestId(), "")
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

func TestAnErrorOfTheServiceWithoutAWordOfRepetitionEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &refusingService{refusals: 9}
		_, err := service.generate(t)
		equal(t, "code", status.Code(err), codes.Unavailable)
		equal(t, "calls", len(service.calledAt), 1)
	})
}

func TestACallIsRepeatedTenTimesAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &refusingService{refusals: 99, pushback: "200"}
		_, err := service.generate(t)
		equal(t, "reason", err.(*Error).Reason, "OVERLOADED")
		equal(t, "calls", len(service.calledAt), 11)
	})
}

func TestTheDeadlineOfTheCallerHoldsOverAllRepetitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &refusingService{refusals: 99, pushback: "2000"}
		address := new(address)
		address.start(t, service)
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		began := time.Now()
		_, err := address.client(t).Generate(ctx, &steerv1.GenerateRequest{})
		// The reason is the service's, not a deadline that was never reached.
		equal(t, "reason", err.(*Error).Reason, "OVERLOADED")
		equal(t, "took", time.Since(began), 4*time.Second)
		equal(t, "calls", len(service.calledAt), 3)
	})
}

func TestACallerThatCancelsIsNotKeptWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &refusingService{refusals: 99, pushback: "600000"}
		address := new(address)
		address.start(t, service)
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		began := time.Now()
		_, err := address.client(t).Generate(ctx, &steerv1.GenerateRequest{})
		equal(t, "cancelled", errors.Is(err, context.Canceled), true)
		equal(t, "took", time.Since(began), time.Second)
	})
}

// callTogether makes this many calls at once over one channel and counts the failed ones.
func callTogether(t *testing.T, client *Client, calls int) (failed int) {
	failures := make(chan error, calls)
	for range calls {
		go func() {
			_, err := client.Generate(t.Context(), &steerv1.GenerateRequest{})
			failures <- err
		}()
	}
	for range calls {
		if err := <-failures; err != nil {
			t.Log(err)
			failed++
		}
	}
	return failed
}

func TestFieldE25NoCallOfManyFailsWhenTheirReplicaIsKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		address := new(address)
		lost := &refusingService{reply: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		server := address.start(t, lost)
		client := address.client(t)
		other := &refusingService{}
		time.AfterFunc(time.Second, func() {
			address.start(t, other)
			server.Stop()
		})
		// More calls than the channel's own retries would allow.
		equal(t, "failed", callTogether(t, client, 40), 0)
		equal(t, "served by the other replica", len(other.calledAt), 40)
	})
}

func TestFieldE25CallsThatADrainingReplicaRefusesWaitForItsGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		address := new(address)
		draining := &refusingService{refusals: 9999, pushback: "200"}
		server := address.start(t, draining)
		client := address.client(t)
		other := &refusingService{}
		// The replica refuses calls on its connection for two seconds before GOAWAY.
		time.AfterFunc(2*time.Second, func() {
			address.start(t, other)
			server.GracefulStop()
		})
		equal(t, "failed", callTogether(t, client, 8), 0)
		equal(t, "served by the other replica", len(other.calledAt), 8)
	})
}

func TestCallsOfAClosedChannelEndAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		address := new(address)
		address.start(t, &refusingService{reply: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		channel := address.channel(t)
		client := NewClient(channel)
		time.AfterFunc(time.Second, func() { channel.Close() })
		began := time.Now()
		_, err := client.Generate(t.Context(), &steerv1.GenerateRequest{})
		equal(t, "code", status.Code(err), codes.Canceled)
		for _, err = range client.StreamGenerate(t.Context(), &steerv1.StreamGenerateRequest{}) {
			equal(t, "code of a stream", status.Code(err), codes.Canceled)
		}
		equal(t, "took", time.Since(began), time.Second)
	})
}
