// Unary: one question, one answer.
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
)

func main() {
	model := cmp.Or(os.Getenv("STEER_MODEL"), "simulator")
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	// The deadline covers the whole call, with what the service repeats inside it.
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	response, err := steer.NewClient(channel).Generate(ctx, &steerv1.GenerateRequest{
		Spec: &steerv1.GenerationSpec{Model: model, Prompt: "Why is the sea salt?"},
	})
	if err != nil {
		log.Fatal(err)
	}
	generation := response.GetGeneration()
	fmt.Printf("%d tokens from %s\n", generation.GetUsage().GetOutputTokens(), generation.GetProvider())
	fmt.Println(generation.GetOutputText())
}
