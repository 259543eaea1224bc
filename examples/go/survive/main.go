// Survive: a stream whose connection breaks, and which loses and repeats nothing.
// Restart the service or pull the cable while it runs.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"time"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	model := cmp.Or(os.Getenv("STEER_MODEL"), "simulator")
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
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
			Model:  model,
			Prompt: "Tell me a long story of the sea.",
			// Tried in this order where the model fails. Without a list the service's configuration has one.
			Routing:         &steerv1.RoutingPolicy{Fallbacks: []*steerv1.ModelTarget{{Model: "simulator"}}},
			ProviderOptions: map[string]*structpb.Struct{"simulator": slowly},
		},
	}
	tell := steer.OnReconnect(func(r steer.Reconnect) {
		wait := r.Wait.Round(time.Millisecond)
		fmt.Fprintf(os.Stderr, "after event %d: %v; goes on in %v\n", r.Sequence, r.Cause, wait)
	})

	discard := steer.OnDiscard(func(notice *steerv1.AttemptNotice) {
		fmt.Fprintf(os.Stderr, "begins anew: %s\n", notice.GetFailed().GetErrorMessage())
	})

	// What an attempt has said that failed later is not in the text.
	events := steer.NewClient(channel).StreamGenerate(context.Background(), request, tell, discard)
	text, err := steer.Text(events)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(text)
}
