package steer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	random "math/rand/v2"
	"time"

	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

const (
	maxTries         = 10 // in a row, without a new event between them
	firstWait        = 100 * time.Millisecond
	maxWait          = 5 * time.Second
	endTime          = time.Second // for a call to end by itself after its last event
	heartbeats       = 15 * time.Second
	missedHeartbeats = 3 // after which a connection counts as dead
	never            = time.Duration(math.MaxInt64)
)

// A StreamOption sets how a stream is read.
type StreamOption func(*reader)

// WithDeliveryTimeout is the deadline of each call; the next call continues.
func WithDeliveryTimeout(d time.Duration) StreamOption {
	return func(r *reader) { r.deliveryTimeout = d }
}

// WithSilence is the longest silence of a live connection. Default: three heartbeats. 0: no limit.
func WithSilence(d time.Duration) StreamOption {
	return func(r *reader) { r.silence = d }
}

// A Reconnect says that a delivery broke off and that the reader is about to resume.
type Reconnect struct {
	Cursor
	Tries int // since the last new event
	Wait  time.Duration
	Cause *Error
}

// OnReconnect is called before each wait.
func OnReconnect(tell func(Reconnect)) StreamOption {
	return func(r *reader) { r.onReconnect = tell }
}

// OnDurability is called when the service's store goes away (false) or comes back (true). While it
// is away, events may not be resumable.
func OnDurability(tell func(isDurable bool)) StreamOption {
	return func(r *reader) { r.onDurability = tell }
}

// NewClientOver returns a client over any transport, such as that of package steerconnect.
func NewClientOver(calls Calls) *Client { return &Client{calls: calls, random: random.Float64} }

// StreamGenerate generates and streams: each event once and in order, over as many calls as
// necessary. It accepts discards, and asks for MID_STREAM_RECOVERY_RESTART if the request names no
// recovery. The loop ends after `complete`. After an `error` event, or if the reader cannot resume,
// the last round has an *Error. Leaving the loop ends the call.
func (c *Client) StreamGenerate(ctx context.Context, request *steerv1.StreamGenerateRequest, options ...StreamOption) Events {
	request = proto.CloneOf(request)
	if request.RequestId == "" && !request.GetOptions().GetEphemeral() {
		request.RequestId = rand.Text()
	}
	request.AcceptsDiscard = true
	if spec := request.GetSpec(); spec != nil {
		if spec.Routing == nil {
			spec.Routing = new(steerv1.RoutingPolicy)
		}
		if spec.Routing.MidStreamRecovery == steerv1.MidStreamRecovery_MID_STREAM_RECOVERY_UNSPECIFIED {
			spec.Routing.MidStreamRecovery = steerv1.MidStreamRecovery_MID_STREAM_RECOVERY_RESTART
		}
	}
	silence := missedHeartbeats * heartbeats
	if interval := request.GetOptions().GetHeartbeatInterval(); interval != nil {
		silence = missedHeartbeats * interval.AsDuration()
	}
	return c.read(ctx, reader{request: request, silence: silence}, options)
}

// ResumeStream resumes a stream at a stored position.
func (c *Client) ResumeStream(ctx context.Context, cursor Cursor, options ...StreamOption) Events {
	// The heartbeat interval is that of the first call, which is unknown here.
	return c.read(ctx, reader{cursor: cursor, resumable: true}, options)
}

func (c *Client) read(ctx context.Context, initial reader, options []StreamOption) Events {
	return func(yield func(*steerv1.StreamEvent, error) bool) {
		r := initial
		r.Client, r.durable = c, true
		r.onReconnect, r.onDurability = func(Reconnect) {}, func(bool) {}
		r.onDiscard = func(*steerv1.AttemptNotice) {}
		for _, option := range options {
			option(&r)
		}
		if r.silence <= 0 {
			r.silence = never
		}
		for ctx.Err() == nil {
			cause := r.deliver(ctx, yield)
			if cause == nil {
				return
			}
			if ctx.Err() != nil {
				break
			}
			if final := r.verdict(cause); final != nil {
				yield(nil, final.at(r.cursor))
				return
			}
			r.tries++
			wait := waitBefore(cause, r.tries, r.random())
			r.onReconnect(Reconnect{r.cursor, r.tries, wait, cause})
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
		}
		yield(nil, errorOfContext(ctx).at(r.cursor))
	}
}

// A reader implements the client's side of a resumable stream: docs/resuming.md.
type reader struct {
	*Client
	request         *steerv1.StreamGenerateRequest
	deliveryTimeout time.Duration
	silence         time.Duration
	onReconnect     func(Reconnect)
	onDurability    func(bool)
	onDiscard       func(*steerv1.AttemptNotice)

	cursor      Cursor
	resumable   bool
	durable     bool
	tries       int
	hasProgress bool
}

// deliver reads one call. It returns the error that broke the call; nil: no events are left.
func (r *reader) deliver(ctx context.Context, yield func(*steerv1.StreamEvent, error) bool) *Error {
	call, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	if r.deliveryTimeout > 0 {
		limited, stop := context.WithTimeout(call, r.deliveryTimeout)
		defer stop()
		call = limited
	}
	// The watch runs while the reader waits, not while its consumer works.
	watch := time.AfterFunc(r.silence, func() {
		giveUp(unavailable("SILENCE", fmt.Sprintf("no event and no heartbeat for %v", r.silence)))
	})
	defer watch.Stop()
	isOpening := r.cursor.StreamID == ""
	var last *steerv1.StreamEvent
	hasLeft := false
	for event, err := range r.events(call) {
		watch.Stop()
		if last != nil {
			break
		}
		if err != nil {
			if given := (*Error)(nil); errors.As(context.Cause(call), &given) {
				return given
			}
			return ErrorOf(err)
		}
		if beat := event.GetHeartbeat(); beat != nil {
			if isDurable := !beat.GetUndurable(); isDurable != r.durable {
				r.durable = isDurable
				r.onDurability(isDurable)
			}
		} else if next := r.cursor.Sequence + 1; event.GetSequence() > next {
			return unavailable("SEQUENCE_GAP", fmt.Sprintf("event %d where %d was due", event.GetSequence(), next))
		} else if event.GetSequence() == next {
			r.advance(event)
			if notice := event.GetAttemptNotice(); notice.GetDiscardOutput() {
				r.onDiscard(notice)
			}
			hasLeft = !yield(event, nil)
			if event.GetComplete() != nil || event.GetError() != nil {
				// Leaving at once would look like a cancel to the service.
				last = event
				watch.Reset(endTime)
				continue
			}
			if hasLeft {
				return nil
			}
		}
		watch.Reset(r.silence)
	}
	if failure := last.GetError(); failure != nil && !hasLeft {
		yield(nil, errorOfEvent(failure.GetError()).at(r.cursor))
	}
	// The given cursor may be at the end of a successful stream.
	if last != nil || !isOpening && !r.hasProgress {
		return nil
	}
	return unavailable("STREAM_CUT", "the call ended before the stream did")
}

func (r *reader) events(ctx context.Context) Events {
	if r.cursor.StreamID == "" {
		return r.calls.StreamGenerate(ctx, r.request)
	}
	return r.calls.ResumeStream(ctx, &steerv1.ResumeStreamRequest{
		StreamId: r.cursor.StreamID, LastSequence: r.cursor.Sequence, LastWriter: r.cursor.Writer,
		AcceptsDiscard: true,
	})
}

func (r *reader) advance(event *steerv1.StreamEvent) {
	if start := event.GetStart(); start != nil {
		r.cursor.StreamID, r.resumable = start.GetStreamId(), start.GetResumable()
	}
	r.cursor.Sequence, r.cursor.Writer = event.GetSequence(), event.GetWriter()
	r.tries, r.hasProgress = 0, true
}

// verdict returns the error with which the reader must stop; nil: it continues.
func (r *reader) verdict(cause *Error) *Error {
	switch cause.Code {
	// Codes that a repetition cannot change.
	case codes.InvalidArgument, codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented,
		codes.NotFound, codes.OutOfRange, codes.DataLoss, codes.FailedPrecondition, codes.AlreadyExists:
		return cause
	}
	isForbidden := cause.pushback != nil && *cause.pushback < 0
	if isForbidden || cause.Detail != nil && !cause.Detail.GetRetryable() || r.tries >= maxTries {
		return cause
	}
	isSafe := r.resumable
	if r.cursor.StreamID == "" {
		// Without a request_id, a second call starts a second generation, unless nothing was executed.
		isSafe = r.request.GetRequestId() != "" || cause.pushback != nil
	}
	if isSafe {
		return nil
	}
	return &Error{
		Code: codes.FailedPrecondition, Reason: "STREAM_NOT_RESUMABLE", cause: cause,
		Message: "the stream broke off and cannot be resumed: " + cause.Message,
	}
}
