// Stream: the answer as it comes, token by token.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
)

func main() {
	model := cmp.Or(os.Getenv("STEER_MODEL"), "simulator")
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	request := &steerv1.StreamGenerateRequest{
		Spec: &steerv1.GenerationSpec{Model: model, Prompt: "Tell me of the sea."},
	}
	for event, err := range steer.NewClient(channel).StreamGenerate(context.Background(), request) {
		if err != nil {
			log.Fatal(err)
		}
		switch event := event.GetEvent().(type) {
		case *steerv1.StreamEvent_TextDelta:
			fmt.Print(event.TextDelta.GetText())
		case *steerv1.StreamEvent_Complete:
			// The last event has the whole result: message, usage, cost, attempts.
			attempts := event.Complete.GetGeneration().GetAttempts()
			fmt.Fprintf(os.Stderr, "\nattempts: %d\n", len(attempts))
		}
	}
	fmt.Println()
}
