import { connect as connectH2 } from "node:http2";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_INSPECTION, type RouteAuth } from "../../src/policy/route.ts";
import { answering, HOST, ok, rawOrigin, refusalCode, route, type Sidecar, sidecar, tcp } from "./harness.ts";

const bearer: RouteAuth = { header: "authorization", scheme: "bearer", secret: "API_TOKEN" };
/** a credential of the agent's own, which no pattern knows */
const OWN = "own-account-0123456789";
const ALLOWED = "allowed to go: 7Hq2xV&é";

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** pieces, sent one after the other */
  readonly body?: readonly (string | Buffer)[];
  readonly trailers?: Readonly<Record<string, string>>;
}

interface Arrived {
  readonly side: Sidecar;
  readonly code: string | undefined;
  /** whole messages that the upstream got, decoded as they came */
  readonly whole: readonly { readonly head: string; readonly body: string }[];
}

const OVER = { "http/1.1": overHttp1, h2: overHttp2 } as const;
type Protocol = keyof typeof OVER;
const PROTOCOLS: readonly Protocol[] = ["http/1.1", "h2"];

async function over(protocol: Protocol, sent: Sent, setCookie = "", allow = false): Promise<Arrived> {
  const { side, whole } = await started(setCookie, allow);
  return { side, code: await OVER[protocol](side, sent), whole };
}

async function started(setCookie = "", allow = false) {
  const whole: { head: string; body: string }[] = [];
  const origin = await rawOrigin({
    serve: answering((head, body) => {
      whole.push({ head, body });
      return ok("hello", setCookie);
    }),
  });
  const side = sidecar({
    origin,
    routes: [
      route({
        auth: bearer,
        dlp: { ...DEFAULT_INSPECTION, allowSecrets: allow ? ["CLIENT_SECRET"] : [] },
      }),
    ],
    secrets: { API_TOKEN: "tok-real-0123456789abcdef" },
    bottleSecrets: { CLIENT_SECRET: ALLOWED },
  });
  return { side, whole, origin };
}

async function overHttp1(side: Sidecar, sent: Sent): Promise<string | undefined> {
  const { method = "POST", path = "/", fields = {}, body, trailers } = sent;
  const client = await side.tls();
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const framing = body ? "Transfer-Encoding: chunked\r\n" : "";
  client.send(`${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${lines.join("")}${framing}\r\n`);
  for (const piece of body ?? []) {
    const bytes = typeof piece === "string" ? Buffer.from(piece, "utf8") : piece;
    client.send(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]));
  }
  const end = Object.entries(trailers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  if (body) client.send(`0\r\n${end.join("")}\r\n`);
  return refusalCode(await client.until(/^HTTP\/1\.1 [2-5][\s\S]*\r\n\r\n/));
}

async function overHttp2(side: Sidecar, sent: Sent): Promise<string | undefined> {
  const { method = "POST", path = "/", fields = {}, body, trailers } = sent;
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  const stream = session.request(
    { ":method": method, ":path": path, ...fields },
    { endStream: body === undefined, waitForTrailers: trailers !== undefined },
  );
  stream.on("error", () => {});
  stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers }));
  const code = new Promise<string | undefined>((resolve, reject) => {
    stream.once("response", (headers) => resolve(headers["x-bot-bottle-verdict"]?.toString()));
    stream.once("close", () => reject(new Error("no answer")));
  });
  if (body) {
    for (const piece of body) stream.write(piece);
    stream.end();
  }
  return await code;
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "content-type": "application/json" };
const multipart = (name: string, value: string) => ({
  fields: { "content-type": "multipart/form-data; boundary=b" },
  body: [`--b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n--b--\r\n`],
});

/** What is refused as the agent's own. */
const REFUSED: Record<string, Sent> = {
  "a token request in a form": { fields: FORM, body: [`grant_type=refresh_token&refresh_token=${OWN}`] },
  "a code": { fields: FORM, body: [`code=${OWN}&redirect_uri=x&grant_type=authorization_code`] },
  "an assertion": { fields: FORM, body: [`grant_type=jwt-bearer&assertion=${OWN}`] },
  "a password grant": { fields: FORM, body: [`grant_type=password&username=u&password=${OWN}`] },
  "a token to be revoked": { fields: FORM, body: [`token=${OWN}&token_type_hint=refresh_token`] },
  "a client secret alone": { fields: FORM, body: [`client_id=1&client_secret=${OWN}`] },
  "a grant in the query": { path: "/token?grant_type=password", fields: FORM, body: [`password=${OWN}`] },
  "a name in escapes": { fields: FORM, body: [`a=1&client%5Fsecre%74=${OWN}`] },
  "a list of one": { fields: FORM, body: [`a=1&access_token[]=${OWN}`] },
  "the first of a list": { fields: FORM, body: [`a=1&access_token%5B0%5D=${OWN}`] },
  "a dot between": { fields: FORM, body: [`api.key=${OWN}`] },
  "a name escaped twice": { fields: FORM, body: [`api%255fkey=${OWN}`] },
  "a broken escape in the name": { fields: FORM, body: [`client%5Fsecret%=${OWN}`] },
  "a NUL behind the name": { fields: FORM, body: [`client_secret%00.x=${OWN}`] },
  "a NUL in the name": { fields: JSON_TYPE, body: [`{"client\\u0000_secret":"${OWN}"}`] },
  "another spelling": { fields: FORM, body: [`Client-Secret=${OWN}`] },
  "a semicolon between": { fields: FORM, body: [`a=1;refresh_token=${OWN}`] },
  "a name behind one without a value": { fields: FORM, body: [`a;refresh_token=${OWN}`] },
  "the second of two": { fields: FORM, body: [`api_key=&api_key=${OWN}`] },
  "a form without a type": { body: [`client_secret=${OWN}`] },
  "a form that says it is text": { fields: { "content-type": "text/plain" }, body: [`client_secret=${OWN}`] },
  JSON: { fields: JSON_TYPE, body: [`{"grant_type":"refresh_token","refresh_token":"${OWN}"}`] },
  "JSON, the grant last": {
    fields: JSON_TYPE,
    body: [`{"code":"${OWN}","grant_type":"authorization_code"}`],
  },
  "JSON with an escaped name": { fields: JSON_TYPE, body: [`{"x":[{}],"client\\u005fsecret":"${OWN}"}`] },
  "JSON that says a name twice": { fields: JSON_TYPE, body: [`{"apiKey":null,"apiKey":"${OWN}"}`] },
  "JSON that says it is a form": { fields: FORM, body: [` \n{"client_secret":"${OWN}"}`] },
  "JSON without a type": { body: [`{"a":"\\"","access_token":"${OWN}"}`] },
  "JSON in UTF-16": { fields: JSON_TYPE, body: [Buffer.from(`{"client_secret":"${OWN}"}`, "utf16le")] },
  "JSON behind a byte order mark": { fields: JSON_TYPE, body: [`\ufeff{"client_secret":"${OWN}"}`] },
  "a number": { fields: JSON_TYPE, body: ['{"client_secret":123456}'] },
  "a part": multipart('name="client_secret"', OWN),
  "a part's bare name": multipart("name=refresh_token", OWN),
  "a part's extended name": multipart("name*=utf-8''client%5Fsecret", OWN),
  "parts of a grant": {
    fields: { "content-type": "multipart/form-data; boundary=b" },
    body: [
      `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${OWN}\r\n--b\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\npassword\r\n--b--\r\n`,
    ],
  },
  gzip: { fields: { ...FORM, "content-encoding": "gzip" }, body: [gzipSync(`client_secret=${OWN}`)] },
  deflate: {
    fields: { ...FORM, "content-encoding": "deflate" },
    body: [deflateSync(`client_secret=${OWN}`)],
  },
  br: {
    fields: { ...JSON_TYPE, "content-encoding": "br" },
    body: [brotliCompressSync(`{"api_key":"${OWN}"}`)],
  },
  zstd: { fields: { ...FORM, "content-encoding": "zstd" }, body: [zstdCompressSync(`client_secret=${OWN}`)] },
  "gzip that nobody states": { fields: FORM, body: [gzipSync(`client_secret=${OWN}`)] },
  "what only begins like gzip": {
    fields: FORM,
    body: [Buffer.concat([gzipSync("a"), Buffer.from(`&client_secret=${OWN}`)])],
  },
  "one byte a piece": { fields: FORM, body: [...`a=1&refresh_token=${OWN}`] },
  "JSON, one byte a piece": { fields: JSON_TYPE, body: [...`{"a":1,"refresh\\u005ftoken":"${OWN}"}`] },
  "a trailer": { fields: { trailer: "x-api-key" }, body: ["a"], trailers: { "x-api-key": OWN } },
};

/** What looks near to it and passes. */
const PASSES: Record<string, Sent> = {
  "a grant without a credential": { fields: FORM, body: ["grant_type=client_credentials&scope=a"] },
  "an empty secret": { fields: FORM, body: ["client_id=1&client_secret=&grant_type=client_credentials"] },
  "a code of no grant": { fields: FORM, body: ["code=print(1)&password=x"] },
  "null and false": {
    fields: JSON_TYPE,
    body: ['{"api_key":null,"client_secret":"","refresh_token":false}'],
  },
  "the names further down": {
    fields: JSON_TYPE,
    body: ['{"messages":[{"client_secret":"x"}],"a":{"refresh_token":"y"},"b":"client_secret"}'],
  },
  "the names in a text": { fields: JSON_TYPE, body: ['{"text":"\\"client_secret\\":\\"x\\" &api_key=1"}'] },
  "a picture": { fields: { "content-type": "image/png" }, body: ["\u0089PNG&client_secret=x"] },
  "numbers and constants": { fields: JSON_TYPE, body: ['[1,-2.5e+3,true,NaN,{"a":null}]\n'] },
  "lines of JSON": { fields: { "content-type": "application/x-ndjson" }, body: ['{"a":1}\n{"b":2}\n'] },
  "a part of another name": multipart('name="file"; filename="client_secret"', "x"),
  "other trailers": { fields: { trailer: "x-sum" }, body: ["a"], trailers: { "x-sum": "1" } },
};
describe.for(PROTOCOLS)("over %s a host with the sidecar's credential", (protocol) => {
  test("gets none of the agent's own", async () => {
    const { side, whole } = await over(protocol, { method: "GET" });
    for (const [name, sent] of Object.entries(REFUSED))
      expect([name, await OVER[protocol](side, sent)]).toEqual([name, "egress.foreign_credential"]);
    expect(whole).toHaveLength(1);
    const events = await side.journal(Object.keys(REFUSED).length + 1);
    expect(new Set(events.slice(1).map(({ code }) => code))).toEqual(new Set(["egress.foreign_credential"]));
    expect(JSON.stringify(events)).not.toContain(OWN);
  });

  test("gets what only looks like it", async () => {
    const { side, whole } = await over(protocol, { method: "GET" });
    for (const [name, sent] of Object.entries(PASSES))
      expect([name, await OVER[protocol](side, sent)]).toEqual([name, undefined]);
    expect(whole).toHaveLength(Object.keys(PASSES).length + 1);
  });

  test("is told what is wrong without the value", async () => {
    const { code, side } = await over(protocol, { fields: JSON_TYPE, body: ["{'client_secret':'x'}"] });
    expect(code).toBe("dlp.body_unreadable");
    expect((await side.journal(1))[0]).toMatchObject({ code: "dlp.body_unreadable" });
  });

  test.for([
    ["form", FORM, (value: string) => `client_secret=${encodeURIComponent(value)}&a=1`],
    ["JSON", JSON_TYPE, (value: string) => `{"client_secret":${JSON.stringify(value)}}`],
    [
      "part",
      { "content-type": "multipart/form-data; boundary=b" },
      (value: string) => `--b\r\nContent-Disposition: form-data; name=api_key\r\n\r\n${value}\r\n--b--\r\n`,
    ],
  ] as const)("gets a secret that the route allows, in a %s, and no other", async ([, fields, body]) => {
    const pieces = [...body(ALLOWED)];
    expect((await over(protocol, { fields, body: pieces }, "", true)).code).toBeUndefined();
    const other = await over(protocol, { fields, body: [...body(`${ALLOWED}x`)] }, "", true);
    expect([other.code, other.whole]).toEqual(["egress.foreign_credential", []]);
  });

  test("gets the cookies it has set, and no others", async () => {
    const set = 'Set-Cookie: sid=one; Path=/; HttpOnly\r\nSet-Cookie: q="two"; Max-Age=60\r\n';
    const { side, whole } = await over(protocol, { method: "GET" }, set);
    const cookie = `sid=one; q=two; sid=${OWN}; own=${OWN}`;
    await OVER[protocol](side, { method: "GET", fields: { cookie } });
    expect(whole[1]?.head).toMatch(/^cookie: sid=one; q=two\r$/im);
    expect((await side.journal(2))[1]?.removed).toEqual(["cookie sid", "cookie own"]);
    await OVER[protocol](side, { method: "GET", fields: { cookie: `own=${OWN}` } });
    expect(whole[2]?.head).not.toMatch(/^cookie:/im);
  });

  test.for([
    ["referer", `https://user:${OWN}@${HOST}/a`, `https://${HOST}/a`],
    ["destination", `https://u:${OWN}@other.test:8/x@y`, "https://other.test:8/x@y"],
    ["x-any", `see https://a@b:${OWN}@c.test and mail@d.test`, "see https://c.test and mail@d.test"],
  ] as const)("gets no userinfo in %s", async ([name, value, expected]) => {
    const { side, whole } = await over(protocol, { method: "GET", fields: { [name]: value } });
    expect(whole[0]?.head.toLowerCase()).toContain(`${name}: ${expected}\r\n`.toLowerCase());
    expect((await side.journal(1))[0]?.removed).toEqual([`userinfo in ${name}`]);
  });

  test("gets no parameter that logs in at it by a URL, and those of other hosts", async () => {
    const own = encodeURIComponent(`https://u:${OWN}@${HOST}/r.git`);
    const other = encodeURIComponent("https://u:p@elsewhere.test/r.git");
    const { whole } = await over(protocol, { method: "GET", path: `/i?a=${own}&b=${other}` });
    expect(whole[0]?.head).toContain(`GET /i?b=${other} HTTP/1.1`);
  });

  test("gets no code or password in the query of a token request", async () => {
    const path = `/t?grant_type=password&password=${OWN}&code=${OWN}&assertion=${OWN}&state=1`;
    const { whole } = await over(protocol, { method: "GET", path });
    expect(whole[0]?.head).toContain("GET /t?grant_type=password&state=1 HTTP/1.1");
    const plain = await over(protocol, { method: "GET", path: "/t?code=1&password=2" });
    expect(plain.whole[0]?.head).toContain("GET /t?code=1&password=2 HTTP/1.1");
  });
});

test.for(["access_token[]", "access_token%5b0%5d", "api.key", "api%255Fkey", "api_key%", "api_key%00x"])(
  "a query parameter that some servers read as a credential's is taken off: %s",
  async (name) => {
    const { whole } = await over("http/1.1", { method: "GET", path: `/i?a=1&${name}=${OWN}&b=2` });
    expect(whole[0]?.head).toContain("GET /i?a=1&b=2 HTTP/1.1");
  },
);

test("names that only hold a credential's, or a word of it, are no credential's", async () => {
  const path = "/i?key[]=1&token[0]=2&api.keys=3&filter[sig.nature]=4&my.api.key.name=5&key%=6";
  const { whole } = await over("http/1.1", { method: "GET", path });
  expect(whole[0]?.head).toContain(`GET ${path} HTTP/1.1`);
});

test("a query parameter is taken off behind a semicolon too, which separates for some servers", async () => {
  const { code, whole, side } = await over("http/1.1", {
    method: "GET",
    path: `/i?a=1;access_token=${OWN};b=2;3&c=4`,
  });
  expect(code).toBeUndefined();
  expect(whole[0]?.head).toContain("GET /i?a=1;b=2;3&c=4 ");
  expect(side.events[0]?.removed).toEqual(["query access_token"]);
});

test("a host's userinfo in the target or the authority is refused", async () => {
  const { side } = await over("http/1.1", { method: "GET" });
  const client = await side.tls();
  client.send(`GET https://user:${OWN}@${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 4/);
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": "/", ":authority": `user:${OWN}@${HOST}` });
  stream.on("error", () => {});
  const status = await new Promise((resolve) => {
    stream.once("response", (headers) => resolve(headers[":status"]));
    stream.once("close", () => resolve("closed"));
  });
  expect(status).not.toBe(200);
});

test("whatever a form is cut into, its fields are read the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 6 }), async (cuts) => {
      const body = Buffer.from(`x=1&y=2&refresh_token=${OWN}&z=3`);
      const at = [...new Set(cuts)].sort((a, b) => a - b);
      const pieces = [0, ...at].map((from, i) => body.subarray(from, at[i] ?? body.length));
      const { code, whole } = await over("http/1.1", {
        fields: FORM,
        body: pieces.filter((p) => p.length > 0),
      });
      expect([code, whole]).toEqual(["egress.foreign_credential", []]);
    }),
    { seed: 7, numRuns: 8 },
  );
});
