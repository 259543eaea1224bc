import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load-config.ts";

const load = (workers: string, store = "redis://localhost") =>
  loadConfig({}, { STEER_WORKERS: workers, STEER_STREAM_STORE: store });

describe("the number of workers", () => {
  it("is 1, as many as are given, or that of the processors", () => {
    expect(loadConfig({}, {}).workers).toBe(1);
    expect(load("3").workers).toBe(3);
    expect(load("256").workers).toBe(256);
    expect(load("auto").workers).toBe(availableParallelism());
  });

  it.each(["0", "257", "1.5", "-2", "many"])("is not %s", (workers) => {
    expect(() => load(workers)).toThrow(
      "STEER_WORKERS: workers: must be auto, or a whole number from 1 to 256",
    );
  });

  it.each(["memory", "sqlite:/tmp/steer.db"])("can be several with the store %s", (store) => {
    expect(load("2", store).workers).toBe(2);
  });
});

describe("the time after which a silent worker is replaced", () => {
  const timeoutOf = (text: string) =>
    loadConfig({}, { STEER_WORKER_TIMEOUT: text }).workerTimeoutMs;

  it("is 30 s, or what is given", () => {
    expect(loadConfig({}, {}).workerTimeoutMs).toBe(30_000);
    expect(timeoutOf("1s")).toBe(1_000);
    expect(timeoutOf("1h")).toBe(3_600_000);
  });

  it.each(["999ms", "61m", "0s", "never"])("is not %s", (text) => {
    expect(() => timeoutOf(text)).toThrow("STEER_WORKER_TIMEOUT: worker_timeout: must be");
  });
});
