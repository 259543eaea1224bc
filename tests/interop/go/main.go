// The interop program of Go: `interop SCENARIO` prints one line of JSON.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	steer "github.com/steer-gateway/steer/clients/go"
	"github.com/steer-gateway/steer/clients/go/steerconnect"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"github.com/steer-gateway/steer/gen/go/steer/v1/steerv1connect"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
)

type answer map[string]any

// A scenario says what it has seen of a gateway.
type scenario struct {
	run     func(context.Context, gateway) (answer, error)
	options []grpc.DialOption
}

var compressing = []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name))}

var scenarios = map[string]scenario{
	"unary":              {run: unary},
	"stream":             {run: stream},
	"resume":             {run: resume},
	"cancel":             {run: cancel},
	"deadline":           {run: deadline},
	"error":              {run: failed},
	"text":               {run: text},
	"large":              {run: large},
	"compressed":         {run: whole, options: compressing},
	"tls":                {run: unary},
	"system-authorities": {run: unary},
	"health":             {run: health},
	"connect":            {run: overConnect},
	"lost-owner":         {run: lostOwner},
	"lost-unary":         {run: unary},
	"raw":                {run: raw},
	"raw-joins":          {run: rawJoins},
	"joins-raw":          {run: joinsRaw},
	"rolling":            {run: rolling},
}

func main() {
	if len(os.Args) != 2 || scenarios[os.Args[1]].run == nil {
		fmt.Fprintln(os.Stderr, "usage: interop SCENARIO")
		os.Exit(2)
	}
	if err := tell(scenarios[os.Args[1]]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tell prints what the scenario says.
func tell(scenario scenario) error {
	spec, err := spec()
	if err != nil {
		return err
	}
	channel, err := dial(scenario.options...)
	if err != nil {
		return err
	}
	defer channel.Close()
	said, err := scenario.run(context.Background(), gateway{channel, steer.NewClient(channel), spec})
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(said)
}

func unary(ctx context.Context, g gateway) (answer, error) {
	generation, err := g.generate(ctx)
	return answer{
		"text":          textOf(generation),
		"finish_reason": generation.GetFinishReason().String(),
		"input_tokens":  generation.GetUsage().GetInputTokens(),
		"output_tokens": generation.GetUsage().GetOutputTokens(),
	}, err
}

func whole(ctx context.Context, g gateway) (answer, error) {
	generation, err := g.generate(ctx)
	return answer{"text": textOf(generation)}, err
}

// What a consumer would want to know of a stream that it has read to its end.
type seen struct {
	text                     strings.Builder
	events, reconnects       int
	lastSequence, lastOutput int32
}

func (g gateway) read(ctx context.Context) (*seen, error) {
	seen := new(seen)
	count := steer.OnReconnect(func(r steer.Reconnect) {
		seen.reconnects++
		fmt.Fprintln(os.Stderr, r.Cause)
	})
	request := &steerv1.StreamGenerateRequest{Spec: g.spec, Options: &steerv1.StreamOptions{IncludeUsage: true}}
	for event, err := range g.client.StreamGenerate(ctx, request, count) {
		if err != nil {
			return nil, err
		}
		seen.events++
		seen.lastSequence = event.GetSequence()
		seen.text.WriteString(event.GetTextDelta().GetText())
		if usage := event.GetUsage(); usage != nil {
			seen.lastOutput = usage.GetUsage().GetOutputTokens()
		}
	}
	return seen, nil
}

func stream(ctx context.Context, g gateway) (answer, error) {
	seen, err := g.read(ctx)
	if err != nil {
		return nil, err
	}
	return answer{
		"text":          seen.text.String(),
		"events":        seen.events,
		"last_sequence": seen.lastSequence,
		"output_tokens": seen.lastOutput,
	}, nil
}

func resume(ctx context.Context, g gateway) (answer, error) {
	seen, err := g.read(ctx)
	if err != nil {
		return nil, err
	}
	return answer{"text": seen.text.String(), "reconnects": seen.reconnects}, nil
}

func text(ctx context.Context, g gateway) (answer, error) {
	seen, err := g.read(ctx)
	if err != nil {
		return nil, err
	}
	return answer{"text": seen.text.String()}, nil
}

func cancel(ctx context.Context, g gateway) (answer, error) {
	options := &steerv1.StreamOptions{OnDisconnect: steerv1.DisconnectPolicy_DISCONNECT_POLICY_CANCEL}
	request := &steerv1.StreamGenerateRequest{Spec: g.spec, Options: options}
	streamID, deltas := "", 0
	for event, err := range g.client.StreamGenerate(ctx, request) {
		if err != nil {
			return nil, err
		}
		if start := event.GetStart(); start != nil {
			streamID = start.GetStreamId()
		}
		if event.GetTextDelta() != nil {
			deltas++
		}
		if deltas == 3 {
			break
		}
	}
	// Long enough that the cancel arrives, and not the end of the connection.
	time.Sleep(time.Second)
	return answer{"stream_id": streamID, "deltas": deltas}, nil
}

// failureOf decodes the error of a call that must fail.
func failureOf(err error) (*steer.Error, error) {
	var failure *steer.Error
	switch {
	case err == nil:
		return nil, errors.New("the call has succeeded")
	case !errors.As(err, &failure):
		return nil, err
	}
	return failure, nil
}

func deadline(ctx context.Context, g gateway) (answer, error) {
	milliseconds, err := strconv.Atoi(os.Getenv("STEER_DEADLINE_MS"))
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(milliseconds)*time.Millisecond)
	defer stop()
	_, err = g.generate(ctx)
	failure, err := failureOf(err)
	if err != nil {
		return nil, err
	}
	return answer{"code": code.Code(failure.Code).String()}, nil
}

func failed(ctx context.Context, g gateway) (answer, error) {
	_, err := g.generate(ctx)
	failure, err := failureOf(err)
	if err != nil {
		return nil, err
	}
	attempts := []answer{}
	for _, attempt := range failure.Detail.GetAttempts() {
		attempts = append(attempts, answer{
			"provider": attempt.GetProvider(),
			"model":    attempt.GetModel(),
			"outcome":  attempt.GetOutcome().String(),
		})
	}
	return answer{
		"code":      code.Code(failure.Code).String(),
		"reason":    failure.Reason,
		"retryable": failure.Retryable,
		"attempts":  attempts,
	}, nil
}

func large(ctx context.Context, g gateway) (answer, error) {
	generation, err := g.generate(ctx)
	text := textOf(generation)
	sum := sha256.Sum256([]byte(text))
	return answer{"bytes": len(text), "sha256": hex.EncodeToString(sum[:])}, err
}

func health(ctx context.Context, g gateway) (answer, error) {
	service := steerv1.GenerationService_ServiceDesc.ServiceName
	request := &grpc_health_v1.HealthCheckRequest{Service: service}
	response, err := grpc_health_v1.NewHealthClient(g.channel).Check(ctx, request)
	return answer{"status": response.GetStatus().String()}, err
}

func overConnect(ctx context.Context, g gateway) (answer, error) {
	stub := steerv1connect.NewGenerationServiceClient(http.DefaultClient, os.Getenv("STEER_HTTP_URL"))
	client := steerconnect.New(stub, os.Getenv("STEER_API_KEY"))
	response, err := client.Generate(ctx, &steerv1.GenerateRequest{Spec: g.spec})
	if err != nil {
		return nil, err
	}
	var streamed strings.Builder
	for event, err := range client.StreamGenerate(ctx, &steerv1.StreamGenerateRequest{Spec: g.spec}) {
		if err != nil {
			return nil, err
		}
		streamed.WriteString(event.GetTextDelta().GetText())
	}
	return answer{"text": textOf(response.GetGeneration()), "streamed": streamed.String()}, nil
}
