// Stubs of the last release, as a caller of that release has them.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createFileRegistry,
  type DescMethod,
  type DescService,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

const ROOT = join(import.meta.dirname, "../..");
const BASELINE = join(ROOT, "proto/baseline.binpb");
const BUF = join(ROOT, "node_modules/.bin/buf");
const PLUGIN = join(ROOT, "node_modules/.bin/protoc-gen-es");
/** Below node_modules, because the stubs import their runtime. */
const CACHE = join(ROOT, "node_modules/.cache/steer");

/** Uses the current types: a removed type would be a break, which `buf breaking` refuses. */
type Stubs = typeof import("../../gen/es/steer/v1/generation_service_pb.js");

export interface ReleasedStubs extends Disposable {
  readonly GenerationService: Stubs["GenerationService"];
}

/** Generates the stubs from the descriptors of the release, without the current `proto/`. */
export async function generateReleasedStubs(): Promise<ReleasedStubs> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "released-"));
  const template = {
    version: "v2",
    inputs: [{ binary_image: BASELINE, exclude_types: ["buf.validate"] }],
    plugins: [{ local: PLUGIN, out: folder, opt: ["target=js", "import_extension=js"] }],
  };
  execFileSync(BUF, ["generate", "--template", JSON.stringify(template)], { cwd: folder });
  const file = join(folder, "steer/v1/generation_service_pb.js");
  const { GenerationService } = (await import(pathToFileURL(file).href)) as Stubs;
  return { GenerationService, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** The service as seen by a caller whose stubs lack some kinds of events. */
export function serviceWithoutEvents(arms: readonly string[]): DescService {
  const files = fromBinary(FileDescriptorSetSchema, readFileSync(BASELINE));
  const messages = files.file.flatMap((file) => file.messageType);
  const event = messages.find(({ name }) => name === "StreamEvent");
  if (event === undefined) throw new Error("the release has no events");
  event.field = event.field.filter(({ name }) => !arms.includes(name));
  const service = createFileRegistry(files).getService("steer.v1.GenerationService");
  if (service === undefined) throw new Error("the release has no service");
  return service;
}

export function methodOf(service: DescService, name: string): DescMethod {
  const method = service.methods.find(({ localName }) => localName === name);
  if (method === undefined) throw new Error(`no method ${name}`);
  return method;
}
