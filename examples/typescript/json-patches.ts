// A JSON document that can be shown while it grows.
import { streamGenerate } from "@steer-gateway/client";
import { createGrpcClient } from "@steer-gateway/client/grpc";
import { type JsonDelta, JsonStreamMode } from "@steer-gateway/stubs/steer/v1/stream";

const { STEER_MODEL = "simulator" } = process.env;

const client = createGrpcClient(); // STEER_ADDRESS and STEER_API_KEY

/** Applies a change; `holder` has the document under the key "". */
function apply(holder: Record<string, unknown>, { pointer, change }: JsonDelta): void {
  // An RFC 6901 pointer: "" is the document, "/legs/0/to" a value in it.
  const path = pointer.split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = path.pop() ?? "";
  let parent = holder;
  for (const key of path) parent = parent[key] as Record<string, unknown>;
  if (change.case === "valueJson") parent[last] = JSON.parse(change.value);
  if (change.case === "append") parent[last] = `${parent[last]}${change.value}`;
}

const schema = JSON.stringify({
  type: "object",
  properties: { title: { type: "string" }, legs: { type: "array", items: { type: "object" } } },
  required: ["title", "legs"],
});
const spec = {
  model: STEER_MODEL,
  prompt: "Plan a journey from Köln to 東京.",
  outputFormat: {
    format: { case: "jsonSchema" as const, value: { name: "journey", schema } },
  },
  // What the simulator is to say; other providers do not see it.
  providerOptions: {
    simulator: { text: '{"title":"Köln – 東京","legs":[{"by":"train","to":"Paris"},{"by":"✈"}]}' },
  },
};
const options = { jsonMode: JsonStreamMode.PATCHES, omitJsonText: true };

const holder: Record<string, unknown> = {};
for await (const { event } of streamGenerate(client, { spec, options })) {
  if (event.case !== "jsonDelta") continue;
  apply(holder, event.value);
  console.error(JSON.stringify(holder[""]));
}
client.close();
console.log(JSON.stringify(holder[""]));
