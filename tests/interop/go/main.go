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
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

type answer map[string]any

var scenarios = map[string]func(context.Context) (answer, error){
	"unary":      unary,
	"stream":     stream,
	"resume":     resume,
	"cancel":     cancel,
	"deadline":   deadline,
	"error":      failed,
	"text":       text,
	"large":      large,
	"compressed": compressed,
	"tls":        unary,
	"health":     health,
	"connect":    overConnect,
}

func main() {
	if len(os.Args) != 2 || scenarios[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: interop SCENARIO")
		os.Exit(2)
	}
	said, err := scenarios[os.Args[1]](context.Background())
	if err == nil {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(said)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// spec is what the runner's environment asks for.
func spec() (*steerv1.GenerationSpec, error) {
	spec := &steerv1.GenerationSpec{Model: os.Getenv("STEER_MODEL"), Prompt: os.Getenv("STEER_PROMPT")}
	if limit := os.Getenv("STEER_MAX_OUTPUT_TOKENS"); limit != "" {
		tokens, err := strconv.ParseInt(limit, 10, 32)
		if err != nil {
			return nil, err
		}
		spec.Sampling = &steerv1.SamplingParams{MaxOutputTokens: proto.Int32(int32(tokens))}
	}
	if script := os.Getenv("STEER_PROVIDER_OPTIONS"); script != "" {
		options := new(structpb.Struct)
		if err := protojson.Unmarshal([]byte(script), options); err != nil {
			return nil, err
		}
		spec.ProviderOptions = map[string]*structpb.Struct{"simulator": options}
	}
	return spec, nil
}

func dial(options ...grpc.DialOption) (*grpc.ClientConn, error) {
	if file := os.Getenv("STEER_CA_FILE"); file != "" {
		authority, err := credentials.NewClientTLSFromFile(file, "")
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.WithTransportCredentials(authority))
	}
	return steer.Dial(os.Getenv("STEER_ADDRESS"), os.Getenv("STEER_TOKEN"), options...)
}

func textOf(generation *steerv1.Generation) string {
	var text strings.Builder
	for _, part := range generation.GetMessage().GetParts() {
		text.WriteString(part.GetText().GetText())
	}
	return text.String()
}

// generate makes one unary call over a channel of its own.
func generate(ctx context.Context, options ...grpc.DialOption) (*steerv1.Generation, error) {
	spec, err := spec()
	if err != nil {
		return nil, err
	}
	channel, err := dial(options...)
	if err != nil {
		return nil, err
	}
	defer channel.Close()
	response, err := steer.NewClient(channel).Generate(ctx, &steerv1.GenerateRequest{Spec: spec})
	return response.GetGeneration(), err
}

func unary(ctx context.Context) (answer, error) {
	generation, err := generate(ctx)
	return answer{
		"text":          textOf(generation),
		"finish_reason": generation.GetFinishReason().String(),
		"input_tokens":  generation.GetUsage().GetInputTokens(),
		"output_tokens": generation.GetUsage().GetOutputTokens(),
	}, err
}

// What a consumer would want to know of a stream that it has read to its end.
type seen struct {
	text                     strings.Builder
	events, reconnects       int
	lastSequence, lastOutput int32
}

func read(ctx context.Context) (*seen, error) {
	spec, err := spec()
	if err != nil {
		return nil, err
	}
	channel, err := dial()
	if err != nil {
		return nil, err
	}
	defer channel.Close()
	seen := new(seen)
	count := steer.OnReconnect(func(r steer.Reconnect) {
		seen.reconnects++
		fmt.Fprintln(os.Stderr, r.Cause)
	})
	request := &steerv1.StreamGenerateRequest{Spec: spec, Options: &steerv1.StreamOptions{IncludeUsage: true}}
	for event, err := range steer.NewClient(channel).StreamGenerate(ctx, request, count) {
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

func stream(ctx context.Context) (answer, error) {
	seen, err := read(ctx)
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

func resume(ctx context.Context) (answer, error) {
	seen, err := read(ctx)
	if err != nil {
		return nil, err
	}
	return answer{"text": seen.text.String(), "reconnects": seen.reconnects}, nil
}

func text(ctx context.Context) (answer, error) {
	seen, err := read(ctx)
	if err != nil {
		return nil, err
	}
	return answer{"text": seen.text.String()}, nil
}

func cancel(ctx context.Context) (answer, error) {
	spec, err := spec()
	if err != nil {
		return nil, err
	}
	channel, err := dial()
	if err != nil {
		return nil, err
	}
	defer channel.Close()
	options := &steerv1.StreamOptions{OnDisconnect: steerv1.DisconnectPolicy_DISCONNECT_POLICY_CANCEL}
	request := &steerv1.StreamGenerateRequest{Spec: spec, Options: options}
	streamID, deltas := "", 0
	for event, err := range steer.NewClient(channel).StreamGenerate(ctx, request) {
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

func deadline(ctx context.Context) (answer, error) {
	milliseconds, err := strconv.Atoi(os.Getenv("STEER_DEADLINE_MS"))
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(milliseconds)*time.Millisecond)
	defer stop()
	_, err = generate(ctx)
	failure, err := failureOf(err)
	if err != nil {
		return nil, err
	}
	return answer{"code": code.Code(failure.Code).String()}, nil
}

func failed(ctx context.Context) (answer, error) {
	_, err := generate(ctx)
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

func large(ctx context.Context) (answer, error) {
	generation, err := generate(ctx)
	text := textOf(generation)
	sum := sha256.Sum256([]byte(text))
	return answer{"bytes": len(text), "sha256": hex.EncodeToString(sum[:])}, err
}

func compressed(ctx context.Context) (answer, error) {
	generation, err := generate(ctx, grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
	return answer{"text": textOf(generation)}, err
}

func health(ctx context.Context) (answer, error) {
	channel, err := dial()
	if err != nil {
		return nil, err
	}
	defer channel.Close()
	service := steerv1.GenerationService_ServiceDesc.ServiceName
	request := &grpc_health_v1.HealthCheckRequest{Service: service}
	response, err := grpc_health_v1.NewHealthClient(channel).Check(ctx, request)
	return answer{"status": response.GetStatus().String()}, err
}

func overConnect(ctx context.Context) (answer, error) {
	spec, err := spec()
	if err != nil {
		return nil, err
	}
	stub := steerv1connect.NewGenerationServiceClient(http.DefaultClient, os.Getenv("STEER_HTTP_URL"))
	client := steerconnect.New(stub, os.Getenv("STEER_TOKEN"))
	response, err := client.Generate(ctx, &steerv1.GenerateRequest{Spec: spec})
	if err != nil {
		return nil, err
	}
	var streamed strings.Builder
	for event, err := range client.StreamGenerate(ctx, &steerv1.StreamGenerateRequest{Spec: spec}) {
		if err != nil {
			return nil, err
		}
		streamed.WriteString(event.GetTextDelta().GetText())
	}
	return answer{"text": textOf(response.GetGeneration()), "streamed": streamed.String()}, nil
}
