// What the store says of each error, by the words of real servers, of the system and of TLS.
import {
  ConnectionTimeoutError,
  SimpleError,
  SocketClosedUnexpectedlyError,
  SocketTimeoutError,
} from "@redis/client";
import { describe, expect, it } from "vitest";
import {
  CODES,
  isFunctionMissing,
  isOutOfMemory,
  isReplica,
  isUnknownCommand,
  movedTo,
  problemOf,
  REPLIES,
  redisTrouble,
  unavailable,
} from "../../../../src/store/redis/errors.ts";
import { StoreProblem } from "../../../../src/store/store-problem.ts";
import { StoreUnavailable } from "../../../../src/store/store-unavailable.ts";

type Said = readonly [text: string, cause: string, code: string, more?: string];

/** `more`: `final` and `passing` problems, and `applied` where nobody knows whether it was. */
const SAID: readonly Said[] = [
  ["OOM command not allowed when used memory > 'maxmemory'.", "full", "OOM"],
  [
    "OOM allow-oom flag is not set on the function, can not run it when used memory > 'maxmemory'",
    "full",
    "OOM",
  ],
  ["READONLY You can't write against a read only replica.", "read-only", "READONLY"],
  ["READONLY Can not run script with write flag on readonly replica.", "read-only", "READONLY"],
  [
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "read-only",
    "MASTERDOWN",
  ],
  ["MOVED 15495 10.0.0.7:6379", "cluster", "MOVED"],
  ["MOVED 15495 :7001", "cluster", "MOVED"],
  ["ERR Function not found", "script", "ERR"],
  ["ERR unknown command 'FCALL', with args beginning with: 's3cret' ", "version", "ERR", "final"],
  ["ERR unknown command `HELLO`, with args beginning with: `3`, ", "version", "ERR", "final"],
  ["ERR Unknown command 'ssubscribe'", "version", "ERR", "final"],
  ["ERR unsupported command 'FUNCTION'", "version", "ERR", "final"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "wrong-password", "WRONGPASS"],
  ["NOAUTH Authentication required.", "wrong-password", "NOAUTH"],
  [
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> " +
      "AUTH <user> <pass> option can be used to authenticate the client",
    "wrong-password",
    "NOAUTH",
  ],
  ["ERR invalid password", "wrong-password", "ERR"],
  ["ERR Client sent AUTH, but no password is set", "wrong-password", "ERR"],
  [
    "ERR AUTH <password> called without any password configured for the default user. Are you sure " +
      "your configuration is correct?",
    "wrong-password",
    "ERR",
  ],
  [
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. " +
      "Commands that may modify the data set are disabled",
    "read-only",
    "MISCONF",
  ],
  [
    "MISCONF Errors writing to the AOF file: No space left on device script: f, on @user_function:1.",
    "read-only",
    "MISCONF",
  ],
  ["NOREPLICAS Not enough good replicas to write.", "read-only", "NOREPLICAS"],
  ["LOADING Redis is loading the dataset in memory", "other", "LOADING"],
  ["BUSY Redis is busy running a script. You can only call FUNCTION KILL.", "other", "BUSY"],
  ["NOPERM User app has no permissions to run the 'fcall' command", "other", "NOPERM"],
  ["NOPERM this user has no permissions to run the 'function|load' command", "other", "NOPERM"],
  ["ERR max number of clients reached", "refused", "ERR"],
  ["ERR max number of clients + cluster connections reached", "refused", "ERR"],
  [
    "DENIED Redis is running in protected mode because protected mode is enabled",
    "refused",
    "DENIED",
  ],
  ["ASK 15495 10.0.0.7:6379", "cluster", "ASK", "passing"],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "cluster", "TRYAGAIN", "passing"],
  ["CLUSTERDOWN Hash slot not served", "cluster", "CLUSTERDOWN", "passing"],
  ["CLUSTERDOWN The cluster is down", "cluster", "CLUSTERDOWN", "passing"],
  ["ERR SELECT is not allowed in cluster mode", "cluster", "ERR", "final"],
  ["CROSSSLOT Keys in request don't hash to the same slot", "cluster", "CROSSSLOT"],
  ["ERR This instance has cluster support disabled", "cluster", "ERR"],
  ["NOPROTO unsupported protocol version", "version", "NOPROTO"],
  ["NOSCRIPT No matching script. Please use EVAL.", "script", "NOSCRIPT"],
  ["ERR Error compiling function: @user_function:3: '=' expected", "script", "ERR", "applied"],
  ["ERR Library 'steer_0' already exists", "script", "ERR", "applied"],
  [
    "ERR value is not an integer or out of range script: steer_0_create, on @user_function:50.",
    "script",
    "ERR",
    "applied",
  ],
  // Nothing of these is known: their own word says most.
  [
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "other",
    "WRONGTYPE",
    "applied",
  ],
  ["ERR DB index is out of range", "other", "ERR", "applied"],
  ["ERR evaluation failed", "other", "ERR", "applied"],
  ["Some proxy's own words", "other", "", "applied"],
  ["OOMs are no word of Redis", "other", "", "applied"],
];

const reply = (text: string): Error => new SimpleError(text);
const coded = (code: string): Error => Object.assign(new Error("s3cret"), { code });

describe("a reply of Redis", () => {
  it.each(SAID.map((said) => ({ said })))("$said", ({ said }) => {
    const [text, cause, code, more] = said;
    const error = reply(text);
    expect(redisTrouble(error)).toEqual({ cause, code });
    const found = unavailable(error);
    expect(found.trouble).toEqual({ cause, code });
    expect(found.outcome).toBe(more === "applied" ? "unknown" : "not-applied");
    const isProblem = more === "final" || more === "passing";
    expect(problemOf(error)).toEqual(isProblem ? expect.any(StoreProblem) : undefined);
    if (isProblem) {
      expect(found).toMatchObject({ code: cause, isFinal: more === "final" });
      expect(found.message).not.toMatch(/s3cret|10\.0\.0\.7/);
    }
    const [word] = text.split(" ");
    expect(isOutOfMemory(error)).toBe(word === "OOM");
    expect(isReplica(error)).toBe(word === "READONLY" || word === "MASTERDOWN");
    expect(isFunctionMissing(error)).toBe(text === "ERR Function not found");
    expect(isUnknownCommand(error)).toBe(cause === "version" && more === "final");
    const asked = { host: "asked", port: 1 };
    expect(movedTo(error, asked)).toEqual(
      {
        "MOVED 15495 10.0.0.7:6379": { host: "10.0.0.7", port: 6379 },
        "MOVED 15495 :7001": { host: "asked", port: 7001 },
      }[text],
    );
  });

  it("has words for each row of the table, and one row for each word", () => {
    const used = SAID.map(([text]) => REPLIES.filter(({ says }) => says.test(text)));
    expect(new Set(used.map(([first]) => first).filter(Boolean))).toEqual(new Set(REPLIES));
    // The last row is for what no other row knows.
    const ambiguous = used.filter(
      (rows) => rows.filter((row) => row !== REPLIES.at(-1)).length > 1,
    );
    expect(ambiguous).toEqual([]);
  });
});

const BROKEN: readonly (readonly [error: unknown, cause: string, code: string])[] = [
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "EHOSTUNREACH", "ENETUNREACH"].map(
    (code) => [coded(code), "refused", code] as const,
  ),
  [new SocketClosedUnexpectedlyError(), "refused", "CLOSED"],
  [coded("ENOTFOUND"), "unknown-host", "ENOTFOUND"],
  [coded("EAI_AGAIN"), "unknown-host", "EAI_AGAIN"],
  [coded("ETIMEDOUT"), "timeout", "ETIMEDOUT"],
  [new ConnectionTimeoutError(), "timeout", "SILENT"],
  [new SocketTimeoutError(5), "timeout", "SILENT"],
  ...[
    "EPROTO",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "CERT_HAS_EXPIRED",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "HOSTNAME_MISMATCH",
  ].map((code) => [coded(code), "tls", code] as const),
  [new AggregateError([coded("ECONNREFUSED"), coded("EHOSTUNREACH")]), "refused", "ECONNREFUSED"],
  [coded("EMFILE"), "other", "EMFILE"],
  [coded("EPROTONOSUPPORT"), "other", "EPROTONOSUPPORT"],
  // Words of a reply are looked for in replies alone.
  [new Error("READONLY nothing"), "other", ""],
  [new AggregateError([]), "other", ""],
  [undefined, "other", ""],
  ["text", "other", ""],
];

describe("another error", () => {
  it.each(BROKEN)("%s: %s", (error, cause, code) => {
    expect(redisTrouble(error)).toEqual({ cause, code });
    expect(unavailable(error)).toMatchObject({ outcome: "unknown", trouble: { cause, code } });
    expect(problemOf(error)).toBeUndefined();
    const told = [isOutOfMemory, isReplica, isFunctionMissing, isUnknownCommand];
    expect(told.some((tells) => tells(error))).toBe(false);
    expect(movedTo(error, { host: "asked", port: 1 })).toBeUndefined();
  });

  it("has codes for each row of the table", () => {
    const codes = BROKEN.map(([, , code]) => code);
    for (const { says } of CODES) expect(codes.filter((code) => says.test(code))).not.toEqual([]);
  });

  it("of the port itself stays what it is", () => {
    const trouble = { cause: "late", code: "x" } as const;
    const own = new StoreUnavailable("not-applied", "own", trouble);
    expect(unavailable(own)).toBe(own);
    expect(redisTrouble(own)).toBe(trouble);
    expect(problemOf(own)).toBeUndefined();
    const known = new StoreProblem("sentinel", true, "known");
    expect(problemOf(known)).toBe(known);
    expect(unavailable(known)).toBe(known);
  });
});
