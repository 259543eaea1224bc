// JSON patches: a document that can be shown while it grows.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/protobuf/types/known/structpb"
)

type journey struct {
	Title string `json:"title"`
	Legs  []leg  `json:"legs"`
}

type leg struct {
	By string `json:"by"`
	To string `json:"to,omitempty"`
}

const schema = `{
	"type": "object",
	"properties": {"title": {"type": "string"}, "legs": {"type": "array", "items": {"type": "object"}}},
	"required": ["title", "legs"]
}`

// What the simulator is to say; other providers do not see it.
const script = `{"title":"Köln – 東京","legs":[{"by":"train","to":"Paris"},{"by":"✈"}]}`

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

// apply returns value after a change at pointer (RFC 6901): "" is the value, "/legs/0/to" inside it.
func apply(value any, pointer string, change func(any) (any, error)) (any, error) {
	if pointer == "" {
		return change(value)
	}
	key, rest := pointer[1:], ""
	if at := strings.Index(key, "/"); at >= 0 {
		key, rest = key[:at], key[at:]
	}
	switch parent := value.(type) {
	case map[string]any:
		key = unescape.Replace(key)
		child, err := apply(parent[key], rest, change)
		parent[key] = child
		return parent, err
	case []any:
		index, err := strconv.Atoi(key)
		if err != nil || index < 0 || index > len(parent) {
			return nil, fmt.Errorf("no element %q", key)
		}
		// The index one past the end appends.
		if index == len(parent) {
			parent = append(parent, nil)
		}
		parent[index], err = apply(parent[index], rest, change)
		return parent, err
	}
	return nil, fmt.Errorf("nothing at %q", pointer)
}

func patch(document any, delta *steerv1.JsonDelta) (any, error) {
	switch delta.GetChange().(type) {
	case *steerv1.JsonDelta_ValueJson:
		return apply(document, delta.GetPointer(), func(any) (value any, err error) {
			return value, json.Unmarshal([]byte(delta.GetValueJson()), &value)
		})
	case *steerv1.JsonDelta_Append:
		return apply(document, delta.GetPointer(), func(value any) (any, error) {
			text, _ := value.(string)
			return text + delta.GetAppend(), nil
		})
	}
	return document, nil // the value is complete
}

func compact(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		log.Fatal(err)
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func main() {
	model := cmp.Or(os.Getenv("STEER_MODEL"), "simulator")
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()

	says, err := structpb.NewStruct(map[string]any{"text": script})
	if err != nil {
		log.Fatal(err)
	}
	format := &steerv1.JsonSchemaFormat{Name: "journey", Schema: schema}
	request := &steerv1.StreamGenerateRequest{
		Spec: &steerv1.GenerationSpec{
			Model:           model,
			Prompt:          "Plan a journey from Köln to 東京.",
			OutputFormat:    &steerv1.OutputFormat{Format: &steerv1.OutputFormat_JsonSchema{JsonSchema: format}},
			ProviderOptions: map[string]*structpb.Struct{"simulator": says},
		},
		Options: &steerv1.StreamOptions{
			JsonMode:     steerv1.JsonStreamMode_JSON_STREAM_MODE_PATCHES,
			OmitJsonText: true,
		},
	}
	var document any
	for event, err := range steer.NewClient(channel).StreamGenerate(context.Background(), request) {
		if err != nil {
			log.Fatal(err)
		}
		// An attempt failed and the next one begins anew.
		if event.GetAttemptNotice().GetDiscardOutput() {
			document = nil
		}
		if delta := event.GetJsonDelta(); delta != nil {
			if document, err = patch(document, delta); err != nil {
				log.Fatal(err)
			}
			fmt.Fprintln(os.Stderr, compact(document))
		}
	}
	// Complete, it is what the schema says.
	var planned journey
	if err := json.Unmarshal([]byte(compact(document)), &planned); err != nil {
		log.Fatal(err)
	}
	fmt.Println(compact(planned))
}
