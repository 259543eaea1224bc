// The messages of the contract as bytes and as JSON. The files are what callers of a release have
// on the wire: a change of one is a break, unless it is a field that was added.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { file_steer_admin_v1_activity_service } from "../../gen/service/steer/admin/v1/activity_service_pb.ts";
import { file_steer_admin_v1_admin_service } from "../../gen/service/steer/admin/v1/admin_service_pb.ts";
import { file_steer_admin_v1_callers } from "../../gen/service/steer/admin/v1/callers_pb.ts";
import { file_steer_admin_v1_usage_service } from "../../gen/service/steer/admin/v1/usage_service_pb.ts";
import { file_steer_v1_content } from "../../gen/service/steer/v1/content_pb.ts";
import { file_steer_v1_error } from "../../gen/service/steer/v1/error_pb.ts";
import { file_steer_v1_generation } from "../../gen/service/steer/v1/generation_pb.ts";
import { file_steer_v1_generation_service } from "../../gen/service/steer/v1/generation_service_pb.ts";
import { file_steer_v1_model_service } from "../../gen/service/steer/v1/model_service_pb.ts";
import { file_steer_v1_stream } from "../../gen/service/steer/v1/stream_pb.ts";
import { file_steer_v1_tool } from "../../gen/service/steer/v1/tool_pb.ts";
import { file_steer_v1_usage } from "../../gen/service/steer/v1/usage_pb.ts";
import { allFields, SAMPLES, type Sample, setFields } from "../support/contract-samples.ts";

const MENDED_BY =
  "if a field was added: STEER_WRITE_FIXTURES=1 npx vitest run tests/contract/messages.test.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/contract");

const service = createRegistry(
  file_steer_admin_v1_activity_service,
  file_steer_admin_v1_admin_service,
  file_steer_admin_v1_callers,
  file_steer_admin_v1_usage_service,
  file_steer_v1_content,
  file_steer_v1_error,
  file_steer_v1_generation,
  file_steer_v1_generation_service,
  file_steer_v1_model_service,
  file_steer_v1_stream,
  file_steer_v1_tool,
  file_steer_v1_usage,
);

/** The stubs of callers and those of the service. */
function schemasOf({ schema }: Sample): readonly DescMessage[] {
  const own = service.getMessage(schema.typeName);
  if (own === undefined) throw new Error(`the service has no ${schema.typeName}`);
  return [schema, own];
}

const jsonOf = (schema: DescMessage, sample: Sample): string =>
  `${JSON.stringify(toJson(schema, sample.message), null, 2)}\n`;

if (process.env["STEER_WRITE_FIXTURES"] !== undefined) {
  mkdirSync(FOLDER, { recursive: true });
  for (const sample of SAMPLES) {
    const file = join(FOLDER, sample.name);
    writeFileSync(`${file}.binpb`, toBinary(sample.schema, sample.message));
    writeFileSync(`${file}.json`, jsonOf(sample.schema, sample));
  }
}

describe("a message of the contract", () => {
  it.each(SAMPLES)("is the same in bytes and in JSON, both ways: $name", (sample) => {
    const bytes = new Uint8Array(readFileSync(join(FOLDER, `${sample.name}.binpb`)));
    const json = readFileSync(join(FOLDER, `${sample.name}.json`), "utf8");
    for (const schema of schemasOf(sample)) {
      expect(toBinary(schema, sample.message), MENDED_BY).toEqual(bytes);
      expect(jsonOf(schema, sample)).toBe(json);
      const decoded = fromBinary(schema, bytes);
      expect(decoded).toEqual(sample.message);
      expect(decoded.$unknown).toBeUndefined();
      const parsed = fromJson(schema, JSON.parse(json) as JsonValue);
      expect(toBinary(schema, parsed)).toEqual(bytes);
    }
  });

  it("has every field in some file, and each file has its message", () => {
    const set = new Set(SAMPLES.flatMap((each) => [...setFields(each.schema, each.message)]));
    const all = new Set(SAMPLES.flatMap(({ schema }) => [...allFields(schema)]));
    expect([...all].filter((name) => !set.has(name))).toEqual([]);
    const files = SAMPLES.flatMap(({ name }) => [`${name}.binpb`, `${name}.json`]);
    expect(readdirSync(FOLDER).sort()).toEqual(files.sort());
  });

  it("has a file for each kind of event", () => {
    const arms = SAMPLES.filter(({ name }) => name.startsWith("steer.v1.StreamEvent."));
    const names = arms.map(({ name }) => name.split(".")[3]);
    const [event] = arms;
    expect(new Set(names)).toEqual(
      new Set(event?.schema.oneofs[0]?.fields.map((field) => field.name)),
    );
  });
});
