// Attempts: a call that fails, and what the service has tried before it gave up.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	model := cmp.Or(os.Getenv("STEER_MODEL"), "simulator")
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	// The simulator keeps silent for two seconds, and an attempt may wait for a tenth of one.
	silent, err := structpb.NewStruct(map[string]any{"first_token_ms": 2000})
	if err != nil {
		log.Fatal(err)
	}
	_, err = steer.NewClient(channel).Generate(context.Background(), &steerv1.GenerateRequest{
		Spec: &steerv1.GenerationSpec{
			Model:           model,
			Prompt:          "Hello",
			Timeouts:        &steerv1.Timeouts{FirstToken: durationpb.New(100 * time.Millisecond)},
			ProviderOptions: map[string]*structpb.Struct{"simulator": silent},
		},
	})
	// Every failed call is a *steer.Error; its Detail is the service's own account.
	var failure *steer.Error
	if !errors.As(err, &failure) {
		log.Fatalf("this was to fail: %v", err)
	}
	for _, attempt := range failure.Detail.GetAttempts() {
		target := attempt.GetProvider() + "/" + attempt.GetModel()
		fmt.Printf("attempt %d  %s  %s  %s\n", attempt.GetIndex(), target, attempt.GetOutcome(), attempt.GetErrorCategory())
	}
	fmt.Println(code.Code(failure.Code), failure.Reason)
	if failure.Retryable {
		fmt.Fprintln(os.Stderr, "later the same call can succeed")
	} else {
		fmt.Fprintln(os.Stderr, "do not repeat it")
	}
}
