package main

import (
	"context"
	"os"
	"strconv"
	"sync"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
)

// A tally is what all loops have seen together.
type tally struct {
	mutex          sync.Mutex
	calls, streams int
	texts          map[string]int
	failures       []string
}

func (t *tally) failed(err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.failures = append(t.failures, err.Error())
}

func (t *tally) served(count *int, text string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	*count++
	t.texts[text]++
}

func number(name string) int {
	value, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		panic(name + " is no number")
	}
	return value
}

// isDone tells whether the runner has written its file.
func isDone() bool {
	_, err := os.Stat(os.Getenv("STEER_END_FILE"))
	return err == nil
}

// rolling makes calls without a pause, so many streams and unary calls at a time, until the
// runner is done with the replicas.
func rolling(ctx context.Context, g gateway) (answer, error) {
	all := &tally{texts: map[string]int{}, failures: []string{}}
	var loops sync.WaitGroup
	repeat := func(times int, once func()) {
		for range times {
			loops.Go(func() {
				for !isDone() {
					once()
				}
			})
		}
	}
	repeat(number("STEER_LOOPS"), func() {
		generation, err := g.generate(ctx)
		if err != nil {
			all.failed(err)
			return
		}
		all.served(&all.calls, textOf(generation))
	})
	repeat(number("STEER_STREAMS"), func() {
		// Of all events, for the sequence, and of those that stand, for the text.
		sequence := int32(0)
		events := func(yield func(*steerv1.StreamEvent, error) bool) {
			for event, err := range g.client.StreamGenerate(ctx, &steerv1.StreamGenerateRequest{Spec: g.spec}) {
				if err == nil {
					if sequence++; event.GetSequence() != sequence {
						all.failed(&steer.Error{Message: "event " + strconv.Itoa(int(event.GetSequence()))})
					}
				}
				if !yield(event, err) {
					return
				}
			}
		}
		text, err := steer.Text(events)
		if err != nil {
			all.failed(err)
			return
		}
		all.served(&all.streams, text)
	})
	loops.Wait()
	return answer{
		"calls": all.calls, "streams": all.streams, "texts": all.texts, "failures": all.failures,
	}, nil
}
