import { describe, expect, it } from "vitest";
import type { Door, DoorRoute } from "../../../src/doors/door.ts";
import { DoorRoutes } from "../../../src/doors/door-routes.ts";

function route(method: DoorRoute["method"], path: string): DoorRoute {
  const operation = { name: `${method} ${path}`, kind: "unary", audience: "callers" } as const;
  return { method, path, operation, serve: () => Promise.reject(new Error("not asked")) };
}

function door(name: string, isMeant: boolean, ...routes: DoorRoute[]): Door {
  return {
    name,
    routes,
    isMeant: (header) => (header("x-other") !== undefined) !== isMeant,
    refuse: () => ({ status: 400, headers: {}, body: {} }),
  };
}

const routes = new DoorRoutes([
  door(
    "one",
    true,
    route("POST", "/v1/chat"),
    route("GET", "/v1/models"),
    route("GET", "/v1/models/{model}"),
    route("POST", "/v1/things/{id}/cancel"),
  ),
  door("other", false, route("GET", "/v1/models"), route("POST", "/v1/messages")),
]);

const plain = () => undefined;
const other = (name: string) => (name === "x-other" ? "1" : undefined);

function found(method: string, path: string, header: (name: string) => string | undefined = plain) {
  const { door: at, route: way, params } = routes.find(method, path, header) ?? {};
  return at && [at.name, way?.operation.name, params];
}

describe("the paths of doors", () => {
  it.each([
    ["POST", "/v1/chat", plain, "one", "POST /v1/chat", {}],
    ["POST", "/v1/chat", other, "one", "POST /v1/chat", {}],
    ["POST", "/v1/messages", plain, "other", "POST /v1/messages", {}],
    ["GET", "/v1/models", plain, "one", "GET /v1/models", {}],
    ["GET", "/v1/models", other, "other", "GET /v1/models", {}],
    ["HEAD", "/v1/models", plain, "one", "GET /v1/models", {}],
    ["GET", "/other/v1/models", plain, "other", "GET /v1/models", {}],
    ["GET", "/one/v1/models", other, "one", "GET /v1/models", {}],
    ["GET", "/v1/models/a%2Fb", plain, "one", "GET /v1/models/{model}", { model: "a/b" }],
    ["POST", "/v1/things/x/cancel", plain, "one", "POST /v1/things/{id}/cancel", { id: "x" }],
  ] as const)("%s %s is found", (method, path, header, name, operation, params) => {
    expect(found(method, path, header)).toEqual([name, operation, params]);
  });

  it.each([
    ["GET", "/v1/chat", "one"],
    ["DELETE", "/v1/models", "one"],
    ["POST", "/v1/embeddings", "one"],
    ["GET", "/v1/models/%zz", "one"],
    ["GET", "/v1/models//", "one"],
    ["POST", "/other/v1/chat", "other"],
  ])("%s %s is below a door, and served by nobody", (method, path, name) => {
    expect(found(method, path)).toEqual([name, undefined, {}]);
  });

  it.each([
    "/",
    "/livez",
    "/steer.v1.GenerationService/Generate",
    "/v2/models",
    "/one",
    "/three/v1/models",
  ])("%s is none of a door", (path) => {
    expect(found("GET", path)).toBeUndefined();
  });

  it("has none without a door", () => {
    expect(new DoorRoutes([]).find("GET", "/v1/models", plain)).toBeUndefined();
  });
});
