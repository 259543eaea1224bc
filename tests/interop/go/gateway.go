package main

import (
	"context"
	"os"
	"strconv"
	"strings"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// A gateway is what a scenario talks to, over a channel of its own, and what it asks there.
type gateway struct {
	channel *grpc.ClientConn
	client  *steer.Client
	spec    *steerv1.GenerationSpec
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
	return steer.Dial("", "", options...)
}

func textOf(generation *steerv1.Generation) string {
	var text strings.Builder
	for _, part := range generation.GetMessage().GetParts() {
		text.WriteString(part.GetText().GetText())
	}
	return text.String()
}

// generate makes one unary call.
func (g gateway) generate(ctx context.Context) (*steerv1.Generation, error) {
	response, err := g.client.Generate(ctx, &steerv1.GenerateRequest{Spec: g.spec})
	return response.GetGeneration(), err
}
