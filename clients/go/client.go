// Package steer adds to the generated stubs of Steer: it reads a stream to its end over lost
// connections and replicas, and describes failures.
package steer

import (
	"context"
	"crypto/tls"
	"io"
	"iter"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// The channel repeats only calls that generate nothing. The Client repeats calls of
// GenerationService, because it fills request_id and can read the service's errors.
const serviceConfig = `{"methodConfig": [{
	"name": [{"service": "steer.v1.GenerationService", "method": "CountTokens"},
		{"service": "steer.v1.ModelService"}],
	"retryPolicy": {"maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "2s",
		"backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}
}], "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1}}`

// Dial opens a channel with the settings that the service needs; all stubs can share it.
// "host:port" and "http://host:port" use clear text, "https://host:port" uses TLS with the
// machine's authorities; options override both. An empty address is taken from the variable
// STEER_ADDRESS (default 127.0.0.1:50051), an empty token from STEER_API_KEY (default: none is
// sent). The error is an *Error, ADDRESS_INVALID or KEY_INVALID.
func Dial(address, token string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	found, invalid := settingsOf(address, token)
	if invalid != nil {
		return nil, invalid
	}
	transport := insecure.NewCredentials()
	if found.address.isSecure {
		transport = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	}
	reconnects := backoff.Config{
		BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second,
	}
	defaults := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(serviceConfig),
		// If a connection does not answer a ping, its calls are resumed over another.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnects, MinConnectTimeout: 5 * time.Second}),
	}
	if found.key != "" {
		defaults = append(defaults, grpc.WithPerRPCCredentials(&bearer{settings: found}))
	}
	// Without the scheme, a host named "unix" would be taken for one.
	return grpc.NewClient("dns:///"+found.address.String(), append(defaults, options...)...)
}

// Events are those of one call. If it ends early, the cause comes as an *Error.
type Events = iter.Seq2[*steerv1.StreamEvent, error]

// Calls are those of GenerationService over some transport. ErrorOf makes their errors.
type Calls interface {
	Generate(context.Context, *steerv1.GenerateRequest) (*steerv1.GenerateResponse, error)
	StreamGenerate(context.Context, *steerv1.StreamGenerateRequest) Events
	ResumeStream(context.Context, *steerv1.ResumeStreamRequest) Events
}

// A Client generates over some transport. It is safe for concurrent use.
type Client struct {
	calls Calls
	// random is uniform in [0, 1).
	random func() float64
}

// NewClient returns a client over a channel of grpc-go, usually from Dial.
func NewClient(channel grpc.ClientConnInterface) *Client {
	return NewClientOver(grpcCalls{steerv1.NewGenerationServiceClient(channel), channel})
}

type grpcCalls struct {
	stub    steerv1.GenerationServiceClient
	channel grpc.ClientConnInterface
}

func (g grpcCalls) Generate(ctx context.Context, request *steerv1.GenerateRequest) (*steerv1.GenerateResponse, error) {
	var trailer metadata.MD
	response, err := g.stub.Generate(ctx, request, grpc.Trailer(&trailer))
	if err != nil {
		return nil, g.errorOf(err, trailer)
	}
	return response, nil
}

func (g grpcCalls) StreamGenerate(ctx context.Context, request *steerv1.StreamGenerateRequest) Events {
	return g.eventsOf(g.stub.StreamGenerate(ctx, request))
}

func (g grpcCalls) ResumeStream(ctx context.Context, request *steerv1.ResumeStreamRequest) Events {
	return g.eventsOf(g.stub.ResumeStream(ctx, request))
}

func (g grpcCalls) eventsOf(call grpc.ServerStreamingClient[steerv1.StreamEvent], err error) Events {
	return func(yield func(*steerv1.StreamEvent, error) bool) {
		for err == nil {
			var event *steerv1.StreamEvent
			if event, err = call.Recv(); err == nil && !yield(event, nil) {
				return
			}
		}
		switch {
		case err == io.EOF:
		case call == nil:
			yield(nil, g.errorOf(err))
		default:
			yield(nil, g.errorOf(err, call.Trailer()))
		}
	}
}

// errorOf is ErrorOf; if the channel was closed by its owner, its error forbids a repetition.
func (g grpcCalls) errorOf(err error, trailers ...metadata.MD) *Error {
	e := ErrorOf(err, trailers...)
	if channel, ok := g.channel.(*grpc.ClientConn); ok && channel.GetState() == connectivity.Shutdown {
		never := time.Duration(-1)
		e.pushback = &never
	}
	return e
}
