package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"strconv"
	"strings"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// lostOwner reads a stream whose replica is killed, as a caller does who has named nothing.
func lostOwner(ctx context.Context, g gateway) (answer, error) {
	discards := 0
	count := steer.OnDiscard(func(*steerv1.AttemptNotice) { discards++ })
	request := &steerv1.StreamGenerateRequest{Spec: g.spec}
	text, err := steer.Text(g.client.StreamGenerate(ctx, request, count))
	return answer{"text": text, "discards": discards}, err
}

func (g gateway) stub() steerv1.GenerationServiceClient {
	return steerv1.NewGenerationServiceClient(g.channel)
}

// What a plain stub was given by one call, and how the call has ended.
type given struct {
	text     string
	err      error
	position *steerv1.ResumeStreamRequest
}

func readStub(call grpc.ServerStreamingClient[steerv1.StreamEvent], err error) given {
	var text strings.Builder
	for err == nil {
		var event *steerv1.StreamEvent
		event, err = call.Recv()
		text.WriteString(event.GetTextDelta().GetText())
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	read := given{text: text.String(), err: err}
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetReason() == "OUTPUT_DISCARDED" {
			sequence, _ := strconv.ParseInt(info.GetMetadata()["last_sequence"], 10, 32)
			writer, _ := strconv.ParseUint(info.GetMetadata()["last_writer"], 10, 32)
			read.position = &steerv1.ResumeStreamRequest{
				StreamId: info.GetMetadata()["stream_id"], LastSequence: int32(sequence), LastWriter: uint32(writer),
			}
		}
	}
	return read
}

func (g given) answer() answer {
	said := answer{"raw_text": g.text, "raw_code": code.Code(status.Code(g.err)).String(), "raw_reason": ""}
	if g.err != nil {
		said["raw_reason"] = steer.ErrorOf(g.err).Reason
	}
	return said
}

// raw reads a stream of its own by the plain stub.
func raw(ctx context.Context, g gateway) (answer, error) {
	request := &steerv1.StreamGenerateRequest{Spec: g.spec}
	return readStub(g.stub().StreamGenerate(ctx, request)).answer(), nil
}

// rawJoins lets the plain stub join a stream of the helper, and go on behind what was voided.
func rawJoins(ctx context.Context, g gateway) (answer, error) {
	request := &steerv1.StreamGenerateRequest{RequestId: rand.Text(), Spec: g.spec}
	text, err := steer.Text(g.client.StreamGenerate(ctx, request))
	if err != nil {
		return nil, err
	}
	joined := readStub(g.stub().StreamGenerate(ctx, request))
	said := joined.answer()
	said["text"] = text
	if joined.position != nil {
		rest := readStub(g.stub().ResumeStream(ctx, joined.position))
		if rest.err != nil {
			return nil, rest.err
		}
		said["rest"] = rest.text
	}
	return said, nil
}

// joinsRaw lets the helper join a stream of the plain stub.
func joinsRaw(ctx context.Context, g gateway) (answer, error) {
	request := &steerv1.StreamGenerateRequest{RequestId: rand.Text(), Spec: g.spec}
	call, err := g.stub().StreamGenerate(ctx, request)
	if err != nil {
		return nil, err
	}
	if _, err := call.Recv(); err != nil { // the stream exists
		return nil, err
	}
	said := answer{}
	var text strings.Builder
	for event, err := range g.client.StreamGenerate(ctx, request) {
		if err != nil {
			said["reason"] = steer.ErrorOf(err).Reason
			break
		}
		text.WriteString(event.GetTextDelta().GetText())
	}
	said["text"] = text.String()
	maps.Copy(said, readStub(call, nil).answer())
	return said, nil
}
