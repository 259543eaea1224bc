import { chmodSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";

// gen/java/pom.xml names the matching runtime, which must not be older.
const PLUGINS = {
  protoc: "com.google.protobuf:protoc:4.36.2",
  "protoc-gen-grpc-java": "io.grpc:protoc-gen-grpc-java:1.83.1",
};

/** The machine's name in Maven's packages of these programs. */
function classifier() {
  const system = { linux: "linux", darwin: "osx", win32: "windows" }[process.platform];
  const processor = { x64: "x86_64", arm64: "aarch_64" }[process.arch];
  return `${system}-${processor}`;
}

function installPlugin(name, artifact, { folder, run }) {
  const [, module, version] = artifact.split(":");
  const place = join(folder, version);
  const program = join(place, process.platform === "win32" ? `${name}.exe` : name);
  if (existsSync(program)) return place;
  run("mvn", [
    "-B",
    "-q",
    "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy",
    `-Dartifact=${artifact}:exe:${classifier()}`,
    `-DoutputDirectory=${place}`,
  ]);
  const fetched = join(place, `${module}-${version}-${classifier()}.exe`);
  chmodSync(fetched, 0o755);
  renameSync(fetched, program);
  return place;
}

export const language = {
  name: "java",
  needs: ["java", "mvn"],
  install: (tools) =>
    Object.entries(PLUGINS).map(([name, artifact]) => installPlugin(name, artifact, tools)),
  keep: ["pom.xml", "LICENSE", "README.md"],
};
