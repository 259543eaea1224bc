package steer

import (
	"context"
	"crypto/rand"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// Generate returns the whole answer. It fills request_id and repeats the call, up to 10 times and
// within the context's deadline, if a connection or a replica was lost before the answer, or if the
// service refused the call and asks for a repetition. A repetition joins a generation that still
// runs, or gets its stored answer. If the lost connection cancelled the generation, the answer is
// generated again, and a provider can be paid twice.
func (c *Client) Generate(ctx context.Context, request *steerv1.GenerateRequest) (*steerv1.GenerateResponse, error) {
	request = proto.CloneOf(request)
	if request.RequestId == "" {
		request.RequestId = rand.Text()
	}
	for tries := 1; ; tries++ {
		response, err := c.calls.Generate(ctx, request)
		if err == nil {
			return response, nil
		}
		cause := ErrorOf(err)
		if ctx.Err() != nil && !cause.FromGateway {
			return nil, errorOfContext(ctx)
		}
		if ctx.Err() != nil || tries > maxTries || !isRepeatable(cause) {
			return nil, cause
		}
		wait := waitBefore(cause, tries, c.random())
		if deadline, isLimited := ctx.Deadline(); isLimited && time.Until(deadline) <= wait {
			return nil, cause
		}
		select {
		case <-ctx.Done():
			return nil, errorOfContext(ctx)
		case <-time.After(wait):
		}
	}
}

// isRepeatable is true if the service asks for a repetition, or if the call was lost before the
// service answered.
func isRepeatable(cause *Error) bool {
	if cause.pushback != nil {
		return *cause.pushback >= 0 && cause.Code == codes.Unavailable
	}
	switch cause.Code {
	case codes.Unavailable, codes.Aborted, codes.Canceled, codes.Internal:
		return !cause.FromGateway
	}
	return false
}

// waitBefore is the wait before repetition number `tries`: random within a range that doubles, and
// at least as long as the service asks for.
func waitBefore(cause *Error, tries int, random float64) time.Duration {
	most := min(maxWait, firstWait<<tries)
	wait := max(cause.RetryDelay, time.Duration(random*float64(most)))
	if cause.pushback != nil {
		wait = max(wait, *cause.pushback)
	}
	return wait
}
