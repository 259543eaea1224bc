// The same call for a shell or a program. A key is never part of the text: programs read it from the environment.
import type { JsonObject } from "@bufbuild/protobuf";

export const LANGUAGES = ["curl", "buf curl", "Python", "TypeScript", "Go"] as const;
export type Language = (typeof LANGUAGES)[number];

export interface CallSite {
  /** Base URL of the service's HTTP address. */
  readonly url: string;
  /** The service asks for a key. */
  readonly hasKey: boolean;
}

/** One argument of a POSIX shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const KEY_HEADER = ` \\\n  -H "authorization: Bearer $STEER_API_KEY"`;

function pretty(request: JsonObject): string {
  return JSON.stringify(request, null, 2);
}

/** A JSON string is a string literal of Python, TypeScript and Go too. */
const quoted = (text: string): string => JSON.stringify(text);

function curl({ url, hasKey }: CallSite, { spec }: JsonObject): string {
  const header = hasKey ? KEY_HEADER : "";
  const address = shellQuoted(`${url}/steer.v1.GenerationService/Generate`);
  return `# The whole answer at once; the streams of Connect are framed.
curl -sS -H 'content-type: application/json'${header} \\
  -d ${shellQuoted(pretty({ spec: spec ?? {} }))} \\
  ${address}
`;
}

function bufCurl({ hasKey }: CallSite, request: JsonObject): string {
  return `# STEER_ADDRESS is the gRPC address of the service, for example 127.0.0.1:50051.
buf curl --protocol grpc --http2-prior-knowledge${hasKey ? KEY_HEADER : ""} \\
  -d ${shellQuoted(pretty(request))} \\
  "http://\${STEER_ADDRESS:-127.0.0.1:50051}/steer.v1.GenerationService/StreamGenerate"
`;
}

function python(request: JsonObject): string {
  const json = pretty(request);
  const literal = json.includes('"""') ? quoted(json) : `r"""${json}"""`;
  return `from google.protobuf import json_format
from steer import v1
from steer_client import Client

REQUEST = ${literal}

with Client() as client:  # STEER_ADDRESS and STEER_API_KEY
    request = json_format.Parse(REQUEST, v1.StreamGenerateRequest())
    for event in client.stream_generate(request):
        if event.WhichOneof("event") == "text_delta":
            print(event.text_delta.text, end="", flush=True)
print()
`;
}

function typeScript(request: JsonObject): string {
  return `import { fromJson } from "@bufbuild/protobuf";
import { streamGenerate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";
import { StreamGenerateRequestSchema } from "@steer-gateway/stubs/steer/v1/generation_service_pb.js";

const request = fromJson(StreamGenerateRequestSchema, ${pretty(request)});

const client = createGrpcClient(); // STEER_ADDRESS and STEER_API_KEY
for await (const { event } of streamGenerate(client, request)) {
  if (event.case === "textDelta") process.stdout.write(event.value.text);
}
console.log();
client.close();
`;
}

function go(request: JsonObject): string {
  const json = pretty(request);
  const literal = json.includes("`") ? quoted(json) : `\`${json}\``;
  return `package main

import (
	"context"
	"fmt"
	"log"

	steer "github.com/steer-gateway/steer/clients/go"
	steerv1 "github.com/steer-gateway/steer/gen/go/steer/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

const request = ${literal}

func main() {
	channel, err := steer.Dial("", "") // STEER_ADDRESS and STEER_API_KEY
	if err != nil {
		log.Fatal(err)
	}
	defer channel.Close()
	call := &steerv1.StreamGenerateRequest{}
	if err := protojson.Unmarshal([]byte(request), call); err != nil {
		log.Fatal(err)
	}
	for event, err := range steer.NewClient(channel).StreamGenerate(context.Background(), call) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(event.GetTextDelta().GetText())
	}
	fmt.Println()
}
`;
}

/** The text of a call in a language. The request is a \`StreamGenerateRequest\` as JSON. */
export function callCode(language: Language, site: CallSite, request: JsonObject): string {
  switch (language) {
    case "curl":
      return curl(site, request);
    case "buf curl":
      return bufCurl(site, request);
    case "Python":
      return python(request);
    case "TypeScript":
      return typeScript(request);
    case "Go":
      return go(request);
  }
}
