// Package steerconnect reads streams of Steer over the Connect protocol, gRPC-Web, or gRPC by connect-go.
package steerconnect

import (
	"context"
	"errors"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"github.com/steer-gateway/steer/gen/go/steer/v1/steerv1connect"

	"connectrpc.com/connect"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

// New returns a client over a stub of connect-go. An empty token is not sent.
func New(stub steerv1connect.GenerationServiceClient, token string) *steer.Client {
	return steer.NewClientOver(calls{stub, token})
}

type calls struct {
	stub  steerv1connect.GenerationServiceClient
	token string
}

func signed[Message any](message *Message, token string) *connect.Request[Message] {
	request := connect.NewRequest(message)
	if token != "" {
		request.Header().Set("authorization", "Bearer "+token)
	}
	return request
}

func (c calls) Generate(ctx context.Context, request *steerv1.GenerateRequest) (*steerv1.GenerateResponse, error) {
	response, err := c.stub.Generate(ctx, signed(request, c.token))
	if err != nil {
		return nil, errorOf(err)
	}
	return response.Msg, nil
}

func (c calls) StreamGenerate(ctx context.Context, request *steerv1.StreamGenerateRequest) steer.Events {
	return events(c.stub.StreamGenerate(ctx, signed(request, c.token)))
}

func (c calls) ResumeStream(ctx context.Context, request *steerv1.ResumeStreamRequest) steer.Events {
	return events(c.stub.ResumeStream(ctx, signed(request, c.token)))
}

func events(call *connect.ServerStreamForClient[steerv1.StreamEvent], err error) steer.Events {
	return func(yield func(*steerv1.StreamEvent, error) bool) {
		if err == nil {
			defer call.Close()
			for call.Receive() {
				if !yield(call.Msg(), nil) {
					return
				}
			}
			err = call.Err()
		}
		if err != nil {
			yield(nil, errorOf(err))
		}
	}
}

const pushback = "grpc-retry-pushback-ms"

// All three protocols use gRPC's codes and details.
func errorOf(err error) *steer.Error {
	said := new(connect.Error)
	if !errors.As(err, &said) {
		return steer.ErrorOf(err)
	}
	packed := &spb.Status{Code: int32(said.Code()), Message: said.Message()}
	for _, detail := range said.Details() {
		packed.Details = append(packed.Details, &anypb.Any{
			TypeUrl: "type.googleapis.com/" + detail.Type(), Value: detail.Bytes(),
		})
	}
	trailer := metadata.MD{pushback: said.Meta().Values(pushback)}
	return steer.ErrorOf(status.ErrorProto(packed), trailer)
}
