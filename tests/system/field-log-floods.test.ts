// What the log says of calls that are refused in bulk, and of those that a replica refuses which drains.
import http from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  GenerationService,
  TokenCountMethod,
} from "../../gen/es/steer/v1/generation_service_pb.js";
import { CALLER_KEY, LONG, startLoggedService } from "../support/logged-calls.ts";
import { eventually } from "../support/stack.ts";

const { countTokens } = GenerationService.method;
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A call in JSON over HTTP/1.1; its status, or 0 where the connection is gone. */
function post(baseUrl: string, agent: http.Agent, headers: Readonly<Record<string, string>>) {
  return new Promise<number>((resolve) => {
    const request = http.request(
      `${baseUrl}/${GenerationService.typeName}/Generate`,
      { agent, method: "POST", headers: { "content-type": "application/json", ...headers } },
      (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    request.once("error", () => resolve(0));
    request.end(JSON.stringify({ spec: { ...LONG, providerOptions: {} } }));
  });
}

describe("field:S26 a flood of wrong keys", () => {
  it("has a few lines, and one that counts the others", async () => {
    await using logged = await startLoggedService();
    const { service } = logged;
    // A connection each: one that is refused in bulk is ended.
    const agent = new http.Agent({ keepAlive: false, maxSockets: 20 });
    const calls = 300;
    const headers = { authorization: "Bearer steer_wrong" };
    const codes = await Promise.all(
      Array.from({ length: calls }, () => post(service.http, agent, headers)),
    );
    expect(new Set(codes)).toEqual(new Set([401]));
    // Others are not left out with them.
    await post(service.http, agent, { authorization: `Bearer ${CALLER_KEY}` });
    service.signal("SIGTERM");
    await service.exited;
    const of = (event: string) =>
      service.log.filter((line) => line["event"] === event && line["code"] === "UNAUTHENTICATED");
    const counted = of("calls left out");
    const left = counted.reduce((sum, { calls: each }) => sum + Number(each), 0);
    expect(of("call").length + left).toBe(calls);
    expect(of("call").length).toBeLessThanOrEqual(10 * (counted.length + 1));
    expect(counted[0]).toMatchObject({
      error: "unauthenticated",
      reason: "CREDENTIALS_INVALID",
      seconds: expect.any(Number),
    });
    expect(service.log.some((line) => line["code"] === "OK" && line["caller"] === "billing")).toBe(
      true,
    );
    expect(logged.tells("steer_wrong")).toBe(false);
  });
});

/** An address that takes connections and never answers. */
async function startMute() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on("error", () => {});
    ends.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections };
}

describe("field:S26 a replica that drains", () => {
  it("says DRAINING of what it refuses", async () => {
    const mute = await startMute();
    await using logged = await startLoggedService({
      config: `providers: [{id: mute, type: anthropic, base_url: "${mute.url}", builtin_models: true}]`,
      env: { ANTHROPIC_API_KEY: "secret" },
    });
    const { service, client } = logged;
    const bearer = { authorization: `Bearer ${CALLER_KEY}` };
    // Each connection that is open serves one call more.
    const agents = Array.from(
      { length: 8 },
      () => new http.Agent({ keepAlive: true, maxSockets: 1 }),
    );
    for (const agent of agents) expect(await post(service.http, agent, bearer)).toBe(200);
    // Its provider counts for ever, and no generation ends with it: the process waits for it.
    const count = {
      spec: { model: "mute/claude-haiku-4-5", prompt: "x" },
      method: TokenCountMethod.PROVIDER,
    };
    const counting = client.unary(countTokens, count, { metadata: bearer }).catch(() => {});
    await eventually(() => mute.connections() === 1);
    service.signal("SIGTERM");
    await eventually(() => service.log.some(({ event }) => event === "draining"));
    // The second one takes the steps of the drain at once.
    service.signal("SIGTERM");
    const refusal = () => service.log.find(({ reason }) => reason === "DRAINING");
    for (const agent of agents) {
      await post(service.http, agent, bearer);
      agent.destroy();
    }
    await eventually(() => refusal() !== undefined);
    expect(refusal()).toMatchObject({ event: "call", code: "UNAVAILABLE", error: "draining" });
    await counting;
  });
});
