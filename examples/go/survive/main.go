// Survive: a stream whose connection breaks, and which loses and repeats nothing.
// Restart the service or pull the cable while it runs.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	address := cmp.Or(os.Getenv("STEER_ADDRESS"), "127.0.0.1:50051")
	model := cmp.Or(os.Getenv("STEER_MODEL"), "simulator")
	channel, err := steer.Dial(address, os.Getenv("STEER_TOKEN"))
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	// One word a tenth of a second, where the simulator answers: time to break something.
	slowly, err := structpb.NewStruct(map[string]any{"pace_ms": 100})
	if err != nil {
		log.Fatal(err)
	}
	request := &steerv1.StreamGenerateRequest{
		Spec: &steerv1.GenerationSpec{
			Model:           model,
			Prompt:          "Tell me a long story of the sea.",
			ProviderOptions: map[string]*structpb.Struct{"simulator": slowly},
		},
	}
	tell := steer.OnReconnect(func(r steer.Reconnect) {
		wait := r.Wait.Round(time.Millisecond)
		fmt.Fprintf(os.Stderr, "after event %d: %v; goes on in %v\n", r.Sequence, r.Cause, wait)
	})

	var text strings.Builder
	for event, err := range steer.NewClient(channel).StreamGenerate(context.Background(), request, tell) {
		if err != nil {
			log.Fatal(err)
		}
		text.WriteString(event.GetTextDelta().GetText())
		// An attempt failed and the next one begins anew: what was said does not count.
		if event.GetAttemptNotice().GetDiscardOutput() {
			text.Reset()
		}
	}
	fmt.Println(text.String())
}
