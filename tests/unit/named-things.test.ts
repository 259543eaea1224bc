// Reasons, metrics, attributes and keys that the text of a page names are there.
import { expect, it } from "vitest";
import { keyPaths } from "../../src/config/key-paths.ts";
import { ERROR_REASONS } from "../../src/domain/error-reasons.ts";
import { Code } from "../../src/domain/error-table.ts";
import { WARNING_REASONS } from "../../src/domain/warning-reasons.ts";
import { UNSERVED_REASONS } from "../../src/rpc/unserved-line.ts";
import { metric } from "../../src/telemetry/metrics.ts";
import { attribute } from "../../src/telemetry/names.ts";
import { isGuide, pages, repositoryFiles, textOf } from "../support/guide-pages.ts";

/** Words of the environment, of HTTP/2, of health checks and of the helpers. */
const ELSEWHERE =
  /^(?:STEER_\w+|OTEL_\w+|NODE_\w+|\w+_API_KEY|\w*_PROXY|ENHANCE_YOUR_CALM|NOT_SERVING|STREAM_ID|STREAM_CUT|SEQUENCE_GAP|OUTPUT_INCOMPLETE|ADDRESS_INVALID|KEY_INVALID|SSL_CERT_FILE|GRPC_\w+)$/;

const reasons = new Set(
  [ERROR_REASONS, WARNING_REASONS, UNSERVED_REASONS, Code].flatMap((rows) => Object.keys(rows)),
);
const contract = repositoryFiles("proto/*.proto").map(textOf).join("\n");
const names = new Set<string>([
  ...Object.values(metric).map(({ name }) => name),
  ...Object.values(attribute),
]);
const keys = keyPaths();

const proseOf = (page: string): string => textOf(page).replaceAll(/^```[\s\S]*?^```/gm, "");

function isWord(word: string): boolean {
  return (
    reasons.has(word) || ELSEWHERE.test(word) || new RegExp(`(?:_|\\b)${word}\\b`).test(contract)
  );
}

const isKey = (name: string): boolean =>
  keys.some((key) => key === name || key.startsWith(`${name}.`));

const WORDS = /(?<![\w/.-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w/])/g;
const NAMES = /`(steer\.[a-z_.]+[a-z])`/g;
/** Sections whose names a request has not. */
const KEYS =
  /`((?:health|limits?|timeouts|drain|http|accounting|faults|hedge|stream|providers\[\]|models\[\]|callers\[\])\.[a-z_.]+)`/g;

it.each(pages.filter(isGuide))("%s names what there is", (page) => {
  const text = proseOf(page);
  const words = [...text.matchAll(WORDS)].map(([word]) => word).filter((word) => !isWord(word));
  const own = [...text.matchAll(NAMES)].flatMap(([, name = ""]) => (names.has(name) ? [] : [name]));
  const configured = [...text.matchAll(KEYS)].flatMap(([, key = ""]) => (isKey(key) ? [] : [key]));
  expect([...words, ...own, ...configured]).toEqual([]);
});
