// The tools that people who run gRPC have at hand, over server reflection alone.
import { join } from "node:path";
import { check, type Expectation, is } from "./expectation.ts";
import type { Command } from "./language.ts";
import { ROOT, runCommand } from "./run-command.ts";
import { type Failure, judged, type Suite } from "./suite.ts";
import { KNOWN_TEXT, TOKEN, type World } from "./world.ts";

const LIMIT_MS = 60_000;
const SERVICE = "steer.v1.GenerationService";
const BIN = join(ROOT, "node_modules/.cache/steer/tools");

const install = (module: string): Command => ({
  command: "go",
  args: ["install", module],
  cwd: ".",
  env: { GOBIN: BIN, GOFLAGS: "-mod=mod" },
});

const REQUEST = JSON.stringify({
  spec: {
    model: "simulator",
    prompt: "Hello",
    providerOptions: { simulator: { text: KNOWN_TEXT } },
  },
});

const HEADER = `authorization: Bearer ${TOKEN}`;

async function runTool(
  tool: string,
  args: readonly string[],
  judge: (stdout: string) => readonly Expectation[],
): Promise<Failure> {
  const result = await runCommand({ command: tool, args, cwd: "." }, {}, LIMIT_MS);
  return judged(result, () => judge(result.stdout));
}

/** The text deltas of a stream in JSON, object after object. */
function streamedText(stdout: string): string {
  const events = JSON.parse(`[${stdout.trim().replaceAll(/\}\s*\{/g, "},{")}]`) as {
    textDelta?: { text: string };
  }[];
  return events.map(({ textDelta }) => textDelta?.text ?? "").join("");
}

const saysAll = (stdout: string): readonly Expectation[] => [
  is("text", streamedText(stdout), KNOWN_TEXT),
];

export function toolsSuite({ replicas: [replica] }: World): Suite {
  const grpcurl = (args: readonly string[], judge: (stdout: string) => readonly Expectation[]) =>
    runTool(join(BIN, "grpcurl"), ["-plaintext", "-H", HEADER, ...args], judge);
  const bufCurl = (protocol: string, address: string, more: readonly string[]) =>
    runTool(
      "buf",
      ["curl", "--protocol", protocol, ...more, "-H", HEADER, "-d", REQUEST].concat(
        `${address}/${SERVICE}/StreamGenerate`,
      ),
      saysAll,
    );
  return {
    name: "tools",
    needs: ["go"],
    prepare: [
      install("github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"),
      install("github.com/grpc-ecosystem/grpc-health-probe@v0.4.61"),
    ],
    lanes: [],
    cells: {
      "grpcurl list": () =>
        grpcurl([replica.grpc, "list"], (stdout) => [
          is("services", stdout.trim().split("\n"), [
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
            "steer.admin.v1.ActivityService",
            "steer.admin.v1.AdminService",
            "steer.admin.v1.CallerService",
            "steer.admin.v1.UsageService",
            SERVICE,
            "steer.v1.ModelService",
          ]),
        ]),
      "grpcurl describe": () =>
        grpcurl([replica.grpc, "describe", SERVICE], (stdout) => [
          check("methods", /rpc ResumeStream .* returns \( stream /.test(stdout), stdout),
        ]),
      "grpcurl call": () =>
        grpcurl(["-d", REQUEST, replica.grpc, `${SERVICE}/StreamGenerate`], saysAll),
      "grpcurl health": () =>
        grpcurl([replica.grpc, "grpc.health.v1.Health/Check"], (stdout) => [
          is("answer", JSON.parse(stdout), { status: "SERVING" }),
        ]),
      "grpc-health-probe": () =>
        runTool(
          join(BIN, "grpc-health-probe"),
          [`-addr=${replica.grpc}`, `-service=${SERVICE}`],
          () => [],
        ),
      "buf curl gRPC": () => bufCurl("grpc", `http://${replica.grpc}`, ["--http2-prior-knowledge"]),
      "buf curl Connect": () => bufCurl("connect", replica.http, ["--schema", "proto"]),
    },
  };
}
