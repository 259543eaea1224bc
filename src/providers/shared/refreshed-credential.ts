import type { Clock } from "../../clock.ts";
import { GatewayError } from "../../domain/gateway-error.ts";
import type { CredentialSource } from "./authentication.ts";

/** A credential from its issuer. */
export interface IssuedCredential<Credential> {
  readonly credential: Credential;
  /** Milliseconds since the epoch; undefined: valid until it is replaced. */
  readonly expiresAt: number | undefined;
}

export interface RefreshedCredentialOptions<Credential> {
  readonly clock: Clock;
  /** The credential at the start; unset: the first request obtains one. */
  readonly first?: IssuedCredential<Credential>;
  /**
   * Obtains the credential that is valid now, which can be `known`. One call runs at a time. `signal` is aborted
   * after `MAX_ISSUE_MS`, and by `close`.
   */
  issue(signal: AbortSignal, known: Credential | undefined): Promise<IssuedCredential<Credential>>;
}

/** Longest wait for a credential, in milliseconds. */
export const MAX_ISSUE_MS = 10_000;
/** Milliseconds before its expiry at which a credential is renewed. */
export const REFRESH_AHEAD_MS = 60_000;
/** Least milliseconds between two calls of the issuer. Until then the last result is used, including a failure. */
export const MIN_PAUSE_MS = 1_000;

function closed(): Error {
  return new Error("the provider instance was closed");
}

/** Settles like `work`, or rejects with the signal's reason. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * A credential that its issuer renews: before it expires, while requests still use it, and when the provider refuses
 * it. All requests of an instance share one call of the issuer.
 */
export class RefreshedCredential<Credential> implements CredentialSource<Credential> {
  readonly #clock: Clock;
  readonly #issue: RefreshedCredentialOptions<Credential>["issue"];
  #issued: IssuedCredential<Credential> | undefined;
  /** The last call of the issuer, and its time. */
  #question: Promise<Credential> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Ends the running call of the issuer; undefined: none runs. */
  #running: AbortController | undefined;
  #isClosed = false;

  constructor({ clock, first, issue }: RefreshedCredentialOptions<Credential>) {
    this.#clock = clock;
    this.#issued = first;
    this.#issue = issue;
  }

  current(signal: AbortSignal): Credential | Promise<Credential> {
    const issued = this.#issued;
    if (issued === undefined) return untilAborted(this.#ask(), signal);
    if (issued.expiresAt === undefined) return issued.credential;
    const leftMs = issued.expiresAt - this.#clock.wallTime();
    if (leftMs > REFRESH_AHEAD_MS) return issued.credential;
    const next = this.#ask();
    return leftMs > 0 ? issued.credential : untilAborted(next, signal);
  }

  async replacement(refused: Credential, signal: AbortSignal): Promise<Credential | undefined> {
    const known = this.#issued?.credential;
    // The same credential was refused for another request, and has been replaced.
    if (known !== undefined && known !== refused) return known;
    const next = await untilAborted(this.#ask(), signal);
    return next === refused ? undefined : next;
  }

  close(): void {
    this.#isClosed = true;
    this.#running?.abort(closed());
  }

  #ask(): Promise<Credential> {
    const now = this.#clock.now();
    const isFresh = this.#running !== undefined || now - this.#askedAt < MIN_PAUSE_MS;
    if (this.#question !== undefined && isFresh) return this.#question;
    this.#askedAt = now;
    const question = this.#askIssuer();
    // Waiting requests see the failure. There may be none.
    question.catch(() => {});
    this.#question = question;
    return question;
  }

  async #askIssuer(): Promise<Credential> {
    const running = new AbortController();
    const { signal } = running;
    const cancel = this.#clock.schedule(MAX_ISSUE_MS, () =>
      running.abort(new Error(`no answer within ${MAX_ISSUE_MS} ms`)),
    );
    this.#running = running;
    try {
      if (this.#isClosed) throw closed();
      this.#issued = await untilAborted(this.#issue(signal, this.#issued?.credential), signal);
      return this.#issued.credential;
    } catch (cause) {
      const message = "no credential for the provider could be obtained";
      throw new GatewayError("provider-authentication", message, { cause });
    } finally {
      this.#running = undefined;
      cancel();
    }
  }
}
