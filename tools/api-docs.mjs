// Generates docs/api.md from the comments and rules of the .proto files.
//   node tools/api-docs.mjs [--check]
// --check exits with 1 if the file on disk differs.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, fromBinary, ScalarType } from "@bufbuild/protobuf";
import {
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel as Idempotency,
} from "@bufbuild/protobuf/wkt";
import { commentsOf, paragraphs } from "./api-docs/comments.mjs";
import { errorTable } from "./api-docs/error-table.mjs";
import { GENERATING, GENERATION, METHODS } from "./api-docs/errors.mjs";
import { EVERY_CALL } from "./api-docs/every-call-errors.mjs";
import { isRequired, wordsOfField, wordsOfMessage } from "./api-docs/rules.mjs";
import { run } from "./run.mjs";

const FILE = "docs/api.md";
const WELL_KNOWN = "https://protobuf.dev/reference/protobuf/google.protobuf/#";

function readContract() {
  const folder = mkdtempSync(join(tmpdir(), "steer-api-docs-"));
  try {
    const image = join(folder, "contract.binpb");
    const { ok, output } = run("buf", ["build", "-o", image]);
    if (!ok) throw new Error(output);
    return fromBinary(FileDescriptorSetSchema, readFileSync(image));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const set = readContract();
const registry = createFileRegistry(set);
const comments = commentsOf(set.file);
const files = [...registry.files]
  .filter(({ name }) => name.startsWith("steer/"))
  // Callers' packages come before operators', and services before their messages.
  .sort((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1));
const services = files.flatMap((file) => file.services);

function rank(file) {
  return (file.name.startsWith("steer/v1/") ? 0 : 2) + (file.services.length > 0 ? 0 : 1);
}

const commentOf = (desc) => paragraphs(comments.get(desc.proto));
const cell = (text) => text.replaceAll("|", "\\|");
const slug = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");
const anchor = (name) => `#${slug(name)}`;
const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

function row(...cells) {
  return `| ${cells.map(cell).join(" | ")} |`;
}

function table(head, rows) {
  return [row(...head), `|${"---|".repeat(head.length)}`, ...rows].join("\n");
}

function linkTo({ typeName, name }) {
  const isOwn = typeName.startsWith("steer.");
  return `[${isOwn ? name : typeName}](${isOwn ? anchor(name) : WELL_KNOWN + name.toLowerCase()})`;
}

function itemType({ message, enum: values, scalar }) {
  const desc = message ?? values;
  return desc === undefined ? ScalarType[scalar].toLowerCase() : linkTo(desc);
}

function typeOf(field) {
  if (field.fieldKind === "list") return `repeated ${itemType(field)}`;
  if (field.fieldKind === "map") {
    return `map of ${ScalarType[field.mapKey].toLowerCase()} to ${itemType(field)}`;
  }
  return field.proto.proto3Optional ? `optional ${itemType(field)}` : itemType(field);
}

function fieldRow(field) {
  const rules = wordsOfField(field);
  const meaning = commentOf(field).join(" ");
  const words = rules.length === 0 ? meaning : `${meaning} *${sentence(rules.join(", "))}*`;
  const name = field.oneof === undefined ? `\`${field.name}\`` : `↳ \`${field.name}\``;
  return row(name, String(field.number), typeOf(field), words);
}

function oneofRow(oneof) {
  const count = isRequired(oneof) ? "exactly one of" : "at most one of";
  return row(`\`${oneof.name}\``, "", count, commentOf(oneof).join(" "));
}

function messageText(message) {
  const parts = [`### ${message.name}`, ...commentOf(message)];
  const rows = message.members.flatMap((member) =>
    member.kind === "oneof"
      ? [oneofRow(member), ...member.fields.map(fieldRow)]
      : [fieldRow(member)],
  );
  if (rows.length > 0) parts.push(table(["field", "number", "type", "meaning"], rows));
  parts.push(...wordsOfMessage(message).map((words) => `*${words}.*`));
  return parts.join("\n\n");
}

function enumText(desc) {
  const rows = desc.values.map((value) =>
    row(`\`${value.name}\``, String(value.number), commentOf(value).join(" ")),
  );
  const parts = [
    `### ${desc.name}`,
    ...commentOf(desc),
    table(["value", "number", "meaning"], rows),
  ];
  return parts.join("\n\n");
}

const IDEMPOTENCY = {
  [Idempotency.IDEMPOTENCY_UNKNOWN]: "not idempotent by itself",
  [Idempotency.IDEMPOTENT]: "idempotent",
  [Idempotency.NO_SIDE_EFFECTS]: "no side effects",
};

const kindOf = ({ methodKind }) => methodKind.replaceAll("_", " ");

function errorRows(rows) {
  return table(
    ["code", "reason", "when"],
    rows.map(([code, reasons, when]) =>
      row(code, reasons.map((reason) => `\`${reason}\``).join(", "), when),
    ),
  );
}

function methodText(method) {
  const name = `${method.parent.typeName}.${method.name}`;
  const errors = METHODS[name];
  if (errors === undefined) throw new Error(`tools/api-docs/errors.mjs has nothing of ${name}`);
  return [
    `### ${method.name}`,
    `\`/${method.parent.typeName}/${method.name}\` · ${kindOf(method)} · ` +
      `${IDEMPOTENCY[method.idempotency]} · ${linkTo(method.input)} → ${linkTo(method.output)}`,
    ...commentOf(method),
    GENERATING.has(name)
      ? "In addition to the [errors of a generation](#errors-of-a-generation):"
      : "In addition to the [errors of every call](#errors-of-every-call):",
    errorRows(errors),
  ].join("\n\n");
}

function overview() {
  const rows = services.flatMap((service) =>
    service.methods.map((method) =>
      row(
        linkTo(service),
        `[${method.name}](${anchor(method.name)})`,
        kindOf(method),
        commentOf(method)[0]?.replace(/(?<=\.) .*/, "") ?? "",
      ),
    ),
  );
  return table(["service", "method", "kind", "what it does"], rows);
}

function fileText(file) {
  const title = `## ${file.name}.proto`;
  const types = [...file.messages.map(messageText), ...file.enums.map(enumText)];
  return types.length === 0 ? [] : [title, ...types];
}

/** Throws if two headings have the same anchor, or if a link has no heading. */
function checkAnchors(text) {
  const seen = new Set();
  for (const [, heading] of text.matchAll(/^#+ (.*)$/gm)) {
    const name = slug(heading);
    if (seen.has(name)) throw new Error(`${FILE} would have two headings "${heading}"`);
    seen.add(name);
  }
  for (const [, target] of text.matchAll(/\]\(#([^)]*)\)/g)) {
    if (!seen.has(target)) throw new Error(`${FILE} would link to "${target}", which is nowhere`);
  }
}

const parts = [
  "# API",
  "<!-- Made by `npm run generate` from proto/. -->",
  "The contract as callers see it: [services](#methods), [errors](#errors-of-every-call), then each " +
    "message and enum in the order of its file. An unset field that is neither `optional` nor a message " +
    "has its type's zero. Rules in italics are checked before anything is executed; a request that " +
    "breaks one ends with INVALID_ARGUMENT and a `BadRequest` that names the fields.",
  "## Methods",
  overview(),
  "## Errors of every call",
  "Each error of the service carries `google.rpc.ErrorInfo` with the domain `steer` and a reason, and " +
    "a `GatewayError` with everything else. A status without them comes from a library or a proxy. " +
    "[errors.md](errors.md) names a remedy for every reason.",
  errorRows(EVERY_CALL),
  "## Errors of a generation",
  "Calls that generate can also end with one of these. A stream ends with an `error` event and then " +
    "with the same error as its status.",
  errorRows(GENERATION),
  ...(await errorTable(registry)),
  ...services.flatMap((service) => [
    `## ${service.name}`,
    `\`${service.typeName}\``,
    ...commentOf(service),
    ...service.methods.map(methodText),
  ]),
  ...files.flatMap(fileText),
];
const text = `${parts.join("\n\n")}\n`;
checkAnchors(text);
if (!process.argv.includes("--check")) {
  mkdirSync("docs", { recursive: true });
  writeFileSync(FILE, text);
} else if (!existsSync(FILE) || readFileSync(FILE, "utf8") !== text) {
  console.error(`${FILE} is not what \`npm run generate\` makes`);
  process.exitCode = 1;
}
