import { inspect } from "node:util";
import { expect, it } from "vitest";
import { parseRedisUrl } from "../../../../src/store/redis/url.ts";

const plain = { tls: false, username: "", password: "", database: 0, sentinel: undefined };

it.each([
  ["redis://cache", { hosts: [{ host: "cache", port: 6379 }], ...plain }],
  [
    "rediss://user:p%40ss:word@cache:6380/2",
    {
      hosts: [{ host: "cache", port: 6380 }],
      tls: true,
      username: "user",
      password: "p@ss:word",
      database: 2,
      sentinel: undefined,
    },
  ],
  [
    "redis://:50%@a:7000,b,[::1]:7002/",
    {
      ...plain,
      hosts: [
        { host: "a", port: 7000 },
        { host: "b", port: 6379 },
        { host: "::1", port: 7002 },
      ],
      password: "50%",
    },
  ],
  [
    "redis+sentinel://a,b:26380/main",
    {
      ...plain,
      hosts: [
        { host: "a", port: 26_379 },
        { host: "b", port: 26_380 },
      ],
      sentinel: { master: "main", username: "", password: "" },
    },
  ],
  [
    "rediss+sentinel://:one@a/main/3?sentinel_username=watch&sentinel_password=t%26wo",
    {
      hosts: [{ host: "a", port: 26_379 }],
      tls: true,
      username: "",
      password: "one",
      database: 3,
      sentinel: { master: "main", username: "watch", password: "t&wo" },
    },
  ],
  ["REDISS://cache", { ...plain, hosts: [{ host: "cache", port: 6379 }], tls: true }],
  ["redis://cache/0", { ...plain, hosts: [{ host: "cache", port: 6379 }] }],
  ["redis://cache/12", { ...plain, hosts: [{ host: "cache", port: 6379 }], database: 12 }],
  ["redis://cache?", { ...plain, hosts: [{ host: "cache", port: 6379 }] }],
  ["redis://user@cache", { ...plain, hosts: [{ host: "cache", port: 6379 }], username: "user" }],
  // The last of them parts the credentials from the host.
  [
    "redis://a@b:c@d@cache",
    { ...plain, hosts: [{ host: "cache", port: 6379 }], username: "a@b", password: "c@d" },
  ],
  [
    "redis+sentinel://a/ma%69n?sentinel_username=watch",
    {
      ...plain,
      hosts: [{ host: "a", port: 26_379 }],
      sentinel: { master: "main", username: "watch", password: "" },
    },
  ],
  [
    "redis+sentinel://a/main/?sentinel_password=two",
    {
      ...plain,
      hosts: [{ host: "a", port: 26_379 }],
      sentinel: { master: "main", username: "", password: "two" },
    },
  ],
])("reads %s", (url, address) => {
  expect(parseRedisUrl(url)).toEqual(address);
});

it.each([
  "http://user:s3cret@host",
  "redis://user:s3cret@host:99999",
  "redis://user:s3cret@",
  "redis://user:s3cret@a,,b",
  "redis://user:s3cret@a,b:x",
  "redis://user:s3cret@host/database",
  "redis://user:s3cret@host/1/2",
  "redis://user:s3cret@host/-1",
  "redis://host?password=s3cret",
  "redis+sentinel://:s3cret@host",
  "redis+sentinel://:s3cret@host/",
  "redis+sentinel://:s3cret@host/main/x",
  "redis+sentinel://host/main?sentinel_pasword=s3cret",
  "redis+sentinel://host/main?sentinel_password=s3cret&sentinel_password=s3cret",
])("refuses %s without repeating it", (url) => {
  let error: unknown;
  try {
    parseRedisUrl(url);
  } catch (reason) {
    error = reason;
  }
  expect(error).toBeInstanceOf(Error);
  expect(inspect(error, { depth: 10 })).not.toContain("s3cret");
  expect(inspect(error)).toContain(url.includes("sentinel") ? "redis[s]+sentinel" : "redis[s]://");
});

it.each([
  "redis://cache/1.5",
  "redis://cache/1e300",
  "redis://cache/9007199254740992",
  "redis://cache#1",
  "redis://cache?sentinel_username=watch",
  "redis://",
  "redis:cache",
  "xredis://cache",
  "redis://ca che",
  "redis://cache:70000",
])("a server is not %s", (url) => {
  expect(() => parseRedisUrl(url)).toThrow(
    new Error(
      "the store's URL is not redis[s]://[user:password@]host[:port][,host[:port]…][/database]",
    ),
  );
});

it.each([
  "redis+sentinel://a",
  "redis+sentinel:///main",
  "redis+sentinel://a/main/1/2",
  "redis+sentinel://a/main?other=1",
  "redis+sentinel://a/main?sentinel_username=x&other=1",
])("Sentinels are not %s", (url) => {
  expect(() => parseRedisUrl(url)).toThrow(
    new Error(
      "the store's URL is not redis[s]+sentinel://[user:password@]host[:port][,host[:port]…]" +
        "/master[/database][?sentinel_username=…&sentinel_password=…]",
    ),
  );
});
