import { describe, expect, test } from "vitest";
import { readFields } from "../../src/sidecar/egress/credential/body-fields.ts";
import { CookieJar } from "../../src/sidecar/egress/credential/cookie-jar.ts";
import { FieldJudge } from "../../src/sidecar/egress/credential/field-judge.ts";
import { takeOff } from "../../src/sidecar/egress/credential/take-off.ts";
import { BROUGHT_VALUE_BYTES } from "../../src/sidecar/egress/limits.ts";
import { HOST, rawOrigin, refusalCode, route, sidecar } from "./harness.ts";

/** The fields of a body that are credentials. `allowed`: a value that may pass, so that values are gathered. */
function found(types: readonly string[], body: Buffer, allowed: readonly string[] = []): readonly string[] {
  const names: string[] = [];
  const judge = new FieldJudge(false, new Set(allowed), (name) => names.push(name));
  const reader = readFields(
    types.flatMap((type) => ["Content-Type", type]),
    judge,
  );
  reader?.write(body);
  reader?.end();
  return names;
}

describe("a body's credential is found", () => {
  const long = "v".repeat(BROUGHT_VALUE_BYTES + 1);
  test.each([
    ["though it is too long to be compared, in JSON", ["application/json"], `{"client_secret":"${long}"}`],
    ["though it is too long to be compared, in a form", ["text/plain"], `client_secret=${long}&a=b`],
    ["whatever the first of two types says", ["image/png", "application/json"], "client_secret=v"],
  ])("%s", (_, types, body) => {
    expect(found(types, Buffer.from(body), ["may pass"])).toContain("client_secret");
  });

  test("behind an escaped quote in UTF-16", () => {
    const body = Buffer.from('{"a":"x\\"","client_secret":"v"}', "utf16le");
    expect(found(["application/json"], body)).toEqual(["client_secret"]);
  });
});

describe("what the agent brought in its own field is taken off", () => {
  const TOKEN = "brought-by-the-agent";
  const off = (fields: readonly string[], target = "/") => {
    const cookies = new CookieJar();
    cookies.learn(HOST, ["set-cookie", `kept=${TOKEN}`, "set-cookie", "other=1"]);
    const origin = { header: "authorization", forms: [], host: HOST, cookies, allowed: new Set<string>() };
    return takeOff(["authorization", `Bearer ${TOKEN}`, ...fields], target, origin);
  };

  test("of a cookie, too, that the host itself has set", () => {
    expect(off(["cookie", `kept=${TOKEN}; other=1`]).fields).toEqual(["cookie", "other=1"]);
  });

  test("of the subprotocols, too", () => {
    const { fields } = off(["sec-websocket-protocol", `chat, ${TOKEN}`]);
    expect(fields).toEqual(["sec-websocket-protocol", "chat"]);
  });

  test("and a parameter with a URL that logs in at the host, whatever its port", () => {
    expect(off([], `/?a=1&u=https://me:pw@${HOST}:8443/`).target).toBe("/?a=1");
  });
});

test.each([
  ["X-Acme", "egress.foreign_credential"],
  ["Cookie", "egress.protocol_error"],
])("the route's field and cookies don't come in trailers: %s", async (name, code) => {
  const origin = await rawOrigin();
  const auth = { header: "x-acme", scheme: "raw", secret: "T" } as const;
  const side = sidecar({
    origin,
    routes: [route({ ports: [443], auth })],
    secrets: { T: "a-value-of-some-length" },
  });
  const client = await side.tls();
  client.send(
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n${name}: v=1\r\n\r\n`,
  );
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe(code);
});
