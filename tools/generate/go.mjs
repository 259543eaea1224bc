import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Generated code needs a runtime at least as new: gen/go/go.mod names it.
const PLUGINS = [
  "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
  "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
  "connectrpc.com/connect/cmd/protoc-gen-connect-go@v1.21.1",
];

export const language = {
  name: "go",
  needs: ["go"],
  install({ folder, run }) {
    const bin = join(folder, "bin");
    const record = join(folder, "plugins.txt");
    const plugins = PLUGINS.join("\n");
    if (existsSync(record) && readFileSync(record, "utf8") === plugins) return [bin];
    for (const plugin of PLUGINS) run("go", ["install", plugin], { env: { GOBIN: bin } });
    writeFileSync(record, plugins);
    return [bin];
  },
  keep: ["go.mod", "go.sum", "LICENSE", "README.md"],
};
