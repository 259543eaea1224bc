package steer

import (
	"context"
	"crypto/rand"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// Generate returns the whole answer. It fills request_id and then makes the call again, 10 times at
// most and within the context's deadline, where a connection or a replica was lost before the answer
// came, or where the service has refused the call and asks for a repetition. A repetition joins a
// generation that still runs, or gets its stored answer. A generation whose connection was lost is
// cancelled: then the answer is generated again, and a provider can be paid twice.
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

// isRepeatable: the service asks for a repetition, or the call was lost before the service answered.
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

// waitBefore is the time before the repetition number `tries`: random within a range that doubles,
// and at least as long as the service asks for.
func waitBefore(cause *Error, tries int, random float64) time.Duration {
	most := min(maxWait, firstWait<<tries)
	wait := max(cause.RetryDelay, time.Duration(random*float64(most)))
	if cause.pushback != nil {
		wait = max(wait, *cause.pushback)
	}
	return wait
}
