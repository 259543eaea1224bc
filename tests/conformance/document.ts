// docs/conformance.md and the README's line, made of the figures and of the lists' reasons.
import { type Figures, type Protocol, reasonsIn } from "./run.ts";
import { VERSION } from "./suite.ts";

export interface Row {
  readonly protocol: Protocol;
  readonly figures: Figures;
}

const ran = ({ passed, failed, known }: Figures): number => passed + failed + known;

export function badgeOf(rows: readonly Row[]): string {
  const each = rows.map(({ protocol, figures }) => {
    return `${protocol.name} ${figures.passed}/${ran(figures)}`;
  });
  return `Conformance (connectrpc ${VERSION.slice(1)}): ${each.join(" · ")}`;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ protocol, figures }) => {
    const { passed, failed, known, notApplicable } = figures;
    const cells = [protocol.name, passed, known, failed, notApplicable];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| protocol | passed | known to fail | failed | not applicable |",
    "|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}

/** Each reason once, with the protocols that it is given for. */
function notApplicable(rows: readonly Row[]): string {
  const names = new Map<string, string[]>();
  for (const { protocol } of rows) {
    for (const { text } of reasonsIn(`${protocol.file}.yaml`)) {
      names.set(text, [...(names.get(text) ?? []), protocol.name]);
    }
  }
  return [...names].map(([text, of]) => `- ${of.join(", ")}: ${text}`).join("\n");
}

function knownFailing(rows: readonly Row[]): string {
  return rows
    .flatMap(({ protocol }) =>
      reasonsIn(`${protocol.file}.known-failing`).map(({ text, lines }) => {
        const cases = lines.map((line) => `  - \`${line}\``).join("\n");
        return `- ${protocol.name}: ${text}\n${cases}`;
      }),
    )
    .join("\n");
}

export function documentOf(rows: readonly Row[]): string {
  return `# Conformance

<!-- Made by \`npm run test:conformance\`. The reasons stand in the lists of tests/conformance/. -->

\`npm run test:conformance\` runs the [conformance suite of Connect](https://github.com/connectrpc/conformance)
(\`connectrpc.com/conformance\` ${VERSION}) against both listeners of \`src/rpc\`, as the service starts
them: with their limits, TLS, session settings, headers, errors and Steer's dispatcher, but with the
suite's \`ConformanceService\` instead of Steer's handlers. The suite's own client makes the calls,
and for gRPC also the client of grpc-go. It needs \`go\`.

${table(rows)}

## Known to fail

The suite fails if one of these passes.

${knownFailing(rows)}

## Not applicable

Cases for features that the listeners do not have. \`tests/conformance/*.yaml\` excludes them.

${notApplicable(rows)}
`;
}
