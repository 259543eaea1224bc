// Prometheus' text of several workers as one page.

/** The metrics of one worker. */
export interface WorkerMetrics {
  readonly worker: number;
  readonly text: string;
}

interface Family {
  /** `# HELP` and `# TYPE`. */
  readonly comments: string[];
  readonly samples: string[];
}

const COMMENT = /^# (?:HELP|TYPE|UNIT) (\S+)/;

/** A sample with the label `worker` in front of its own labels. */
function labelled(sample: string, worker: number): string {
  const end = sample.search(/[{ ]/);
  const [name, rest] = [sample.slice(0, end), sample.slice(end)];
  const label = `worker="${worker}"`;
  return rest.startsWith("{") ? `${name}{${label},${rest.slice(1)}` : `${name}{${label}}${rest}`;
}

/**
 * One page with the samples of all workers, each with the label `worker`: the position of the worker, which its
 * replacement has too. The samples of a metric stay together, as the format demands.
 */
export function mergeExpositions(pages: readonly WorkerMetrics[]): string {
  const families = new Map<string, Family>();
  for (const { worker, text } of pages) {
    let family: Family = { comments: [], samples: [] };
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const [, name] = COMMENT.exec(line) ?? [];
      if (name === undefined) {
        if (!line.startsWith("#")) family.samples.push(labelled(line, worker));
        continue;
      }
      family = families.get(name) ?? { comments: [], samples: [] };
      families.set(name, family);
      if (!family.comments.includes(line)) family.comments.push(line);
    }
  }
  const lines = [...families.values()].flatMap(({ comments, samples }) => [
    ...comments,
    ...samples,
  ]);
  return lines.map((line) => `${line}\n`).join("");
}
