import { describe, expect, test } from "vitest";
import type { RouteSpec } from "../../src/policy/route.ts";
import { DEFAULT_INSPECTION, type RouteInspection } from "../../src/policy/route.ts";
import { answering, HOST, ok, rawOrigin, refusalCode, route, sidecar } from "./harness.ts";
import { ENCODINGS, SEARCHED, VALUE } from "./spellings.ts";

const HEAD = `Host: ${HOST}\r\n`;
const LABEL = "[redacted DEPLOY_KEY]";

async function redacting(spec: Partial<RouteSpec> = {}, dlp: Partial<RouteInspection> = {}) {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    routes: [route({ dlp: { ...DEFAULT_INSPECTION, onMatch: "redact", ...dlp }, ...spec })],
    bottleSecrets: { DEPLOY_KEY: VALUE },
    secrets: { API_TOKEN: "brokered-credential-77152" },
  });
  const client = await side.tls();
  return { side, client, received: origin.received };
}

describe("outbound_on_match: redact, in a head", () => {
  const spellings = Object.entries(ENCODINGS);

  test.each(spellings)("a field's value goes with the label in its place: %s", async (_, spelled) => {
    const { side, client, received } = await redacting();
    await client
      .send(`GET / HTTP/1.1\r\n${HEAD}X-A: 1\r\nX-Note: say ${spelled} .\r\nX-B: 2\r\n\r\n`)
      .until(/hello/);
    expect(received()).toMatch(/X-A: 1\r\nX-Note: say .*\[redacted DEPLOY_KEY\].* \.\r\nX-B: 2\r\n/);
    expect(SEARCHED(received())).toBe(false);
    const [event] = await side.journal(1);
    expect(event).toMatchObject({
      verdict: "redact",
      status: 200,
      findings: expect.arrayContaining([
        expect.objectContaining({ name: "DEPLOY_KEY", surface: "header x-note", action: "redact" }),
      ]),
    });
  });

  test.each(spellings.filter(([, spelled]) => /^[!-~]+$/.test(spelled) && !/[\\#"{}[\]]/.test(spelled)))(
    "a query keeps its form, and the label is percent-encoded: %s",
    async (_, spelled) => {
      const { client, received } = await redacting();
      await client.send(`GET /a/b?q=${spelled}&r=2 HTTP/1.1\r\n${HEAD}\r\n`).until(/hello/);
      const target = /^GET (\S+) HTTP/.exec(received())?.[1] ?? "";
      expect(SEARCHED(received())).toBe(false);
      const url = new URL(target, `https://${HOST}`);
      expect(url.pathname).toBe("/a/b");
      expect(decodeURIComponent(url.search)).toContain(LABEL);
    },
  );

  test("a path that rules still allow goes redacted", async () => {
    const matches = [{ paths: [{ type: "prefix" as const, value: "/v1/" }], methods: [], headers: [] }];
    const { side, client, received } = await redacting({ matches });
    await client.send(`GET /v1/items/${VALUE.replaceAll("/", "_")}/x HTTP/1.1\r\n${HEAD}\r\n`).until(/hello/);
    expect(received()).toContain("GET /v1/items/%5Bredacted%20DEPLOY_KEY%5D/x HTTP/1.1\r\n");
    expect((await side.journal(1))[0]?.path).toBe("/v1/items/%5Bredacted%20DEPLOY_KEY%5D/x");
  });

  test("a path that rules no longer allow is refused", async () => {
    const name = VALUE.replaceAll("/", "_").replaceAll("+", "_");
    const matches = [
      { paths: [{ type: "prefix" as const, value: `/v1/${name}` }], methods: [], headers: [] },
    ];
    const { client, received } = await redacting({ matches });
    const answer = await client.send(`GET /v1/${name}/x HTTP/1.1\r\n${HEAD}\r\n`).until(/\r\n\r\n/);
    expect(refusalCode(answer)).toBe("egress.path_not_allowed");
    expect(received()).toBe("");
  });

  test("a field that a rule asks for has to be as asked for afterwards, too", async () => {
    const matches = [
      { paths: [], methods: [], headers: [{ name: "x-note", type: "exact" as const, value: VALUE }] },
    ];
    const { client, received } = await redacting({ matches });
    const answer = await client.send(`GET / HTTP/1.1\r\n${HEAD}X-Note: ${VALUE}\r\n\r\n`).until(/\r\n\r\n/);
    expect(refusalCode(answer)).toBe("egress.header_not_allowed");
    expect(received()).toBe("");
  });

  test("a cookie's label has no space", async () => {
    const { client, received } = await redacting();
    await client.send(`GET / HTTP/1.1\r\n${HEAD}Cookie: a=1; b=${VALUE}; c=3\r\n\r\n`).until(/hello/);
    expect(received()).toContain("Cookie: a=1; b=[redacted_DEPLOY_KEY]; c=3\r\n");
  });

  test("the route's credential stays", async () => {
    const auth = { header: "authorization", scheme: "bearer" as const, secret: "API_TOKEN" };
    const { client, received } = await redacting({ auth, ports: [443] });
    await client.send(`GET / HTTP/1.1\r\n${HEAD}X-Note: ${VALUE}\r\n\r\n`).until(/hello/);
    expect(received()).toContain(`X-Note: ${LABEL}\r\n`);
    expect(received()).toContain("Authorization: Bearer brokered-credential-77152\r\n");
  });

  test.each([
    ["the method", `${VALUE.replaceAll(/[^A-Za-z0-9]/g, "-")} / HTTP/1.1\r\n${HEAD}\r\n`],
    ["a field's name", `GET / HTTP/1.1\r\n${HEAD}${VALUE.replaceAll(/[^A-Za-z0-9]/g, "-")}: 1\r\n\r\n`],
    [
      "two fields",
      `GET / HTTP/1.1\r\n${HEAD}A: ${VALUE.slice(0, 10)}\r\n${VALUE.slice(10).replaceAll(/[^A-Za-z0-9]/g, "-")}: 1\r\n\r\n`,
    ],
    [
      "a signed request",
      `GET / HTTP/1.1\r\n${HEAD}Authorization: AWS4-HMAC-SHA256 Credential=x\r\nX-Note: ${VALUE}\r\n\r\n`,
    ],
    ["a signed target", `GET /?X-Amz-Signature=0f&x=${VALUE} HTTP/1.1\r\n${HEAD}\r\n`],
  ])("blocks where it can't be taken out: %s", async (_, request) => {
    const { side, client, received } = await redacting();
    const answer = await client.send(request).until(/\}\s*$/);
    expect(refusalCode(answer)).toBe("dlp.known_secret");
    expect(answer).toContain("It can't be taken out");
    expect(received()).toBe("");
    expect((await side.journal(1))[0]).toMatchObject({ verdict: "block", findings: [{ action: "block" }] });
  });

  test("a trailer goes redacted", async () => {
    const { side, client, received } = await redacting();
    await client
      .send(
        `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nTE: trailers\r\n\r\n2\r\nok\r\n0\r\nX-T: a ${VALUE} b\r\n\r\n`,
      )
      .until(/hello/);
    expect(received()).toContain(`0\r\nX-T: a ${LABEL} b\r\n\r\n`);
    expect((await side.journal(1))[0]).toMatchObject({
      verdict: "redact",
      findings: expect.arrayContaining([
        expect.objectContaining({ surface: "trailer x-t", action: "redact" }),
      ]),
    });
  });

  test("what stands beside a secret is searched again: pieces that a label parts are pieces still", async () => {
    const { client, received } = await redacting();
    const nested = `${VALUE.slice(0, 13)}${VALUE}${VALUE.slice(13)}`;
    await client.send(`GET / HTTP/1.1\r\n${HEAD}X-Note: ${nested}\r\n\r\n`).until(/hello/);
    expect(SEARCHED(received())).toBe(false);
  });
});
