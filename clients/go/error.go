package steer

import (
	"context"
	"errors"
	"strconv"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A Cursor is the position of a reader, sufficient to resume, also in another process.
type Cursor struct {
	StreamID string // empty until the stream is known
	Sequence int32  // of the last event processed
	Writer   uint32 // of that event; 0: the position is not verified
}

// An Error is a failed call.
type Error struct {
	Code    codes.Code
	Message string
	// Reason is the stable cause in UPPER_SNAKE_CASE; empty if a library or a proxy failed.
	Reason string
	// FromGateway is true if the service answered; otherwise the status comes from a library or a
	// proxy.
	FromGateway bool
	// Retryable is true if the same call can succeed later.
	Retryable bool
	// RetryDelay is the shortest sensible wait before a repetition.
	RetryDelay time.Duration
	// Detail is the service's description: category, attempts, usage. It may be nil.
	Detail *steerv1.GatewayError
	// Cursor is the position of the stream's reader.
	Cursor   Cursor
	pushback *time.Duration
	cause    error
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return e.Code.String() + ": " + e.Message
	}
	return e.Code.String() + " " + e.Reason + ": " + e.Message
}

// Unwrap returns the error of the library.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus lets status.Code and status.FromError read the error.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// ErrorOf decodes the error of any call of Steer. The trailers say whether to repeat the call.
func ErrorOf(err error, trailers ...metadata.MD) *Error {
	var typed *Error
	if errors.As(err, &typed) {
		return typed
	}
	said := status.Convert(err)
	e := &Error{Code: said.Code(), Message: said.Message(), cause: err}
	var retry *errdetails.RetryInfo
	for _, detail := range said.Details() {
		switch detail := detail.(type) {
		case *steerv1.GatewayError:
			e.describe(detail)
		case *errdetails.ErrorInfo:
			if detail.GetDomain() == "steer" {
				e.Reason, e.FromGateway = detail.GetReason(), true
			}
		case *errdetails.RetryInfo:
			retry = detail
		}
	}
	if e.Detail == nil {
		e.Retryable = !e.FromGateway && e.Code == codes.Unavailable
	}
	if retry != nil {
		e.RetryDelay = retry.GetRetryDelay().AsDuration()
	}
	for _, trailer := range trailers {
		for _, text := range trailer.Get("grpc-retry-pushback-ms") {
			milliseconds, err := strconv.Atoi(text)
			if err != nil {
				milliseconds = -1 // not a number forbids a repetition, as in gRPC
			}
			pushback := time.Duration(milliseconds) * time.Millisecond
			e.pushback = &pushback
		}
	}
	return e
}

func (e *Error) describe(detail *steerv1.GatewayError) {
	e.Detail, e.FromGateway = detail, true
	e.Reason, e.Retryable = detail.GetReason(), detail.GetRetryable()
	e.RetryDelay = detail.GetRetryDelay().AsDuration()
}

// at returns the same error with the reader's position.
func (e *Error) at(cursor Cursor) *Error {
	placed := *e
	placed.Cursor = cursor
	return &placed
}

// errorOfContext is the error of a call that its context ended; errors.Is finds the cause.
func errorOfContext(ctx context.Context) *Error {
	said := status.FromContextError(ctx.Err())
	return &Error{Code: said.Code(), Message: said.Message(), cause: context.Cause(ctx)}
}

func unavailable(reason, message string) *Error {
	return &Error{Code: codes.Unavailable, Reason: reason, Message: message, Retryable: true}
}

func errorOfEvent(detail *steerv1.GatewayError) *Error {
	e := &Error{Code: codes.Code(detail.GetCode()), Message: detail.GetMessage()}
	if detail == nil {
		e.Code = codes.Unknown
	} else {
		e.describe(detail)
	}
	return e
}
