import { describe, expect, it } from "vitest";
import {
  type IssuedCredential,
  MAX_ISSUE_MS,
  MIN_PAUSE_MS,
  REFRESH_AHEAD_MS,
  RefreshedCredential,
} from "../../../../src/providers/shared/refreshed-credential.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

const LIFETIME_MS = 3_600_000;
const never = new AbortController().signal;

/** An issuer whose answers the test gives, each a new token that lives for an hour. */
function startIssuer() {
  const clock = createManualClock();
  const questions: {
    answer: (credential: string) => void;
    fail: (error: Error) => void;
    signal: AbortSignal;
    known: string | undefined;
  }[] = [];
  const source = new RefreshedCredential<string>({
    clock,
    issue: (signal, known) =>
      new Promise<IssuedCredential<string>>((resolve, reject) => {
        questions.push({
          answer: (credential) =>
            resolve({ credential, expiresAt: clock.wallTime() + LIFETIME_MS }),
          fail: reject,
          signal,
          known,
        });
      }),
  });
  /** The first token has been issued. */
  async function begin(): Promise<void> {
    const first = source.current(never);
    questions[0]?.answer("token-1");
    expect(await first).toBe("token-1");
  }
  return { clock, questions, source, begin };
}

describe("a credential that is refreshed", () => {
  it("is asked for once, however many requests wait for the first one", async () => {
    const { clock, questions, source } = startIssuer();
    const early = [1, 2].map(async () => source.current(never));
    await clock.advance(2 * MIN_PAUSE_MS);
    const waiting = [...early, source.current(never)];
    expect(questions).toHaveLength(1);
    questions[0]?.answer("token-1");
    expect(await Promise.all(waiting)).toEqual(["token-1", "token-1", "token-1"]);
    expect(source.current(never)).toBe("token-1");
    expect(questions).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("is asked for before it expires, while requests go on with the old one", async () => {
    const { clock, questions, source, begin } = startIssuer();
    await begin();
    await clock.advance(LIFETIME_MS - REFRESH_AHEAD_MS - 1);
    expect(source.current(never)).toBe("token-1");
    expect(questions).toHaveLength(1);
    await clock.advance(1);
    expect(source.current(never)).toBe("token-1");
    expect(source.current(never)).toBe("token-1");
    expect(questions.map(({ known }) => known)).toEqual([undefined, "token-1"]);
    questions[1]?.answer("token-2");
    await clock.advance(0);
    expect(source.current(never)).toBe("token-2");
  });

  it("is waited for once it has expired", async () => {
    const { clock, questions, source, begin } = startIssuer();
    await begin();
    await clock.advance(LIFETIME_MS);
    const next = source.current(never);
    expect(next).toBeInstanceOf(Promise);
    questions[1]?.answer("token-2");
    expect(await next).toBe("token-2");
  });

  it("stays in use if the issuer fails before it expires, and the issuer has a pause", async () => {
    const { clock, questions, source, begin } = startIssuer();
    await begin();
    await clock.advance(LIFETIME_MS - REFRESH_AHEAD_MS);
    expect(source.current(never)).toBe("token-1");
    questions[1]?.fail(new Error("down"));
    await clock.advance(MIN_PAUSE_MS - 1);
    expect(source.current(never)).toBe("token-1");
    expect(questions).toHaveLength(2);
    await clock.advance(1);
    expect(source.current(never)).toBe("token-1");
    expect(questions).toHaveLength(3);
  });

  it("fails as a credential of the instance after a bounded wait, and tells the issuer", async () => {
    const { clock, questions, source } = startIssuer();
    const waiting = Promise.allSettled([source.current(never), source.current(never)]);
    await clock.advance(MAX_ISSUE_MS);
    for (const outcome of await waiting) {
      expect(outcome).toMatchObject({ reason: { kind: "provider-authentication" } });
    }
    expect(questions.map(({ signal }) => signal.aborted)).toEqual([true]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("leaves one request that is aborted, and the others wait on", async () => {
    const { questions, source } = startIssuer();
    const controller = new AbortController();
    const aborted = source.current(controller.signal);
    const other = source.current(never);
    controller.abort(new Error("gone"));
    await expect(aborted).rejects.toThrow("gone");
    questions[0]?.answer("token-1");
    expect(await other).toBe("token-1");
  });

  it("is waited for no longer once its instance is closed, and no other is asked for", async () => {
    const { clock, questions, source } = startIssuer();
    const waiting = source.current(never);
    source.close();
    const cause = { message: "the provider instance was closed" };
    const failure = { kind: "provider-authentication", cause };
    await expect(waiting).rejects.toMatchObject(failure);
    expect([questions.map(({ signal }) => signal.aborted), clock.pendingTimers]).toEqual([
      [true],
      0,
    ]);
    await clock.advance(MIN_PAUSE_MS);
    await expect(source.current(never)).rejects.toMatchObject(failure);
    expect(questions).toHaveLength(1);
  });
});

describe("a credential that is refused", () => {
  it("is replaced once for all requests that have sent it", async () => {
    const { clock, questions, source, begin } = startIssuer();
    await begin();
    await clock.advance(MIN_PAUSE_MS);
    const waiting = [1, 2].map(() => source.replacement("token-1", never));
    expect(questions).toHaveLength(2);
    questions[1]?.answer("token-2");
    expect(await Promise.all(waiting)).toEqual(["token-2", "token-2"]);
    await clock.advance(MIN_PAUSE_MS);
    expect(await source.replacement("token-1", never)).toBe("token-2");
    expect(questions).toHaveLength(2);
  });

  it("has no replacement if the issuer gives the same one, and the issuer has a pause", async () => {
    const { clock, questions, source, begin } = startIssuer();
    await begin();
    await clock.advance(MIN_PAUSE_MS);
    const refused = source.replacement("token-1", never);
    questions[1]?.answer("token-1");
    expect(await refused).toBeUndefined();
    expect(await source.replacement("token-1", never)).toBeUndefined();
    expect(questions).toHaveLength(2);
  });
});
