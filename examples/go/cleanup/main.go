// Cleanup, for operators: what a cleanup of old streams would delete.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	steer "github.com/steer-gateway/steer/clients/go"
	adminv1 "github.com/steer-gateway/steer/gen/go/steer/admin/v1"
	"google.golang.org/protobuf/types/known/durationpb"
)

func main() {
	// The key must be an operator's.
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	// Streams that ended an hour ago or more. Without DryRun they are deleted.
	admin := adminv1.NewAdminServiceClient(channel)
	response, err := admin.CleanupStreamStates(context.Background(), &adminv1.CleanupStreamStatesRequest{
		OlderThan: durationpb.New(time.Hour),
		DryRun:    true,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("would delete %d streams, %d bytes\n", response.GetMatchedCount(), response.GetFreedBytes())
}
