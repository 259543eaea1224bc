// Tools: the model calls a function of ours, and answers with what it returned.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
)

const parameters = `{
	"type": "object",
	"properties": {"city": {"type": "string", "description": "Name of the city"}},
	"required": ["city"]
}`

func getWeather(arguments string) (string, error) {
	var asked struct{ City string }
	if err := json.Unmarshal([]byte(arguments), &asked); err != nil {
		return "", err
	}
	return "21 degrees and clear in " + cmp.Or(asked.City, "your city"), nil
}

func text(text string) *steerv1.Part {
	return &steerv1.Part{Data: &steerv1.Part_Text{Text: &steerv1.TextPart{Text: text}}}
}

func main() {
	model := cmp.Or(os.Getenv("STEER_MODEL"), "simulator")
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	client := steer.NewClient(channel)
	ctx := context.Background()

	weather := &steerv1.FunctionTool{
		Name: "get_weather", Description: "Weather of a city", ParametersJsonSchema: parameters,
	}
	spec := &steerv1.GenerationSpec{
		Model:    model,
		Messages: []*steerv1.Message{{Role: steerv1.Role_ROLE_USER, Parts: []*steerv1.Part{text("What is the weather in Köln?")}}},
		Tools:    []*steerv1.Tool{{Kind: &steerv1.Tool_Function{Function: weather}}},
		// The first turn must call the function; usually this is left out and the model decides.
		ToolChoice: &steerv1.ToolChoice{Choice: &steerv1.ToolChoice_FunctionName{FunctionName: weather.Name}},
	}
	first, err := client.Generate(ctx, &steerv1.GenerateRequest{Spec: spec})
	if err != nil {
		log.Fatal(err)
	}

	answer := first.GetGeneration().GetMessage()
	results := &steerv1.Message{Role: steerv1.Role_ROLE_TOOL}
	for _, part := range answer.GetParts() {
		call := part.GetToolCall()
		if call == nil {
			continue
		}
		said, err := getWeather(call.GetArgumentsJson())
		result := &steerv1.ToolResult{ToolCallId: call.GetId(), Name: call.GetName()}
		if err != nil {
			// Models make mistakes, and can mend them when they are told.
			said, result.IsError = err.Error(), true
		}
		result.Content = []*steerv1.Part{text(said)}
		results.Parts = append(results.Parts, &steerv1.Part{Data: &steerv1.Part_ToolResult{ToolResult: result}})
		fmt.Printf("%s(%s) -> %s\n", call.GetName(), call.GetArgumentsJson(), said)
	}

	// The second turn has the conversation so far: the question, the call, its result.
	spec.Messages = append(spec.Messages, answer, results)
	spec.ToolChoice = nil
	second, err := client.Generate(ctx, &steerv1.GenerateRequest{Spec: spec})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(second.GetGeneration().GetOutputText())
}
