import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { filesBelow, ownFilesBelow } from "../generated.mjs";

/** What runs the service, and what npm runs after an installation. */
const SOURCES = [
  "src",
  "gen/service",
  "gen/steer.binpb",
  "tools/build-console.mjs",
  "package.json",
  "package-lock.json",
  "steer.example.yaml",
  "LICENSE",
  "README.md",
];
const CONSOLE = "console/dist";
const CONTENTS =
  /^(?:src\/.*|gen\/.*|console\/dist\/.*|tools\/build-console\.mjs|package(?:-lock)?\.json|steer\.example\.yaml|LICENSE|README\.md)$/;
/** The same bytes each time: neither the order of files, nor times, nor users. */
const REPRODUCIBLE = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];

/** The service with its built console, for machines without git and bundler. */
export const service = {
  name: "service",
  needs: ["tar"],
  help: "GNU tar makes the archive",
  make({ copy, out, version, run }) {
    run("node", ["tools/build-console.mjs"]);
    const root = `steer-${version}`;
    for (const file of [...SOURCES.flatMap(ownFilesBelow), ...filesBelow(CONSOLE)]) {
      const to = join(copy, root, file);
      mkdirSync(dirname(to), { recursive: true });
      cpSync(file, to);
      chmodSync(to, 0o644);
    }
    const file = `service/${root}.tgz`;
    const tar = join(out, `${file}.tar`);
    run("tar", [...REPRODUCIBLE, "-cf", tar, root], { cwd: copy });
    writeFileSync(join(out, file), gzipSync(readFileSync(tar), { level: 9 }));
    rmSync(tar);
    return [
      {
        file,
        root: `${root}/`,
        source: ".",
        contents: CONTENTS,
        license: "LICENSE",
        readme: "README.md",
        manifest: "package.json",
        tells: /"version": "(.*?)"/,
      },
    ];
  },
};
