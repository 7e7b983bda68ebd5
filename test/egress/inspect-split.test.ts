import { expect, test } from "vitest";
import { DEFAULT_INSPECTION } from "../../src/policy/route.ts";
import { answering, HOST, ok, rawOrigin, refusalCode, route, sidecar } from "./harness.ts";
import { VALUE } from "./spellings.ts";

/** Sends one request after the other, each over a connection of its own; the codes of the refusals. */
async function sent(requests: readonly (string | Buffer)[], allowSecrets: readonly string[] = []) {
  const side = sidecar({
    origin: await rawOrigin({ serve: answering(() => ok()) }),
    routes: [route({ dlp: { ...DEFAULT_INSPECTION, allowSecrets } })],
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  const codes: (string | undefined)[] = [];
  for (const request of requests) {
    const client = await side.tls();
    client.send(request);
    codes.push(refusalCode(await client.until(/\r\n\r\n/)));
  }
  return codes;
}

const HEAD = `Host: ${HOST}\r\nConnection: close\r\n`;
const JSON_HEAD = `${HEAD}Content-Type: application/json\r\n`;
const characters = VALUE.split("");

test.each([
  ["the query", (c: string) => `GET /s?q=${encodeURIComponent(c)} HTTP/1.1\r\n${HEAD}\r\n`],
  ["a field", (c: string) => `GET / HTTP/1.1\r\n${HEAD}X-N: ${c}\r\n\r\n`],
  ["a body", (c: string) => `POST / HTTP/1.1\r\n${HEAD}Content-Length: 1\r\n\r\n${c}`],
  [
    "a trailer",
    (c: string) => `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nX-N: ${c}\r\n\r\n`,
  ],
  ["JSON", (c: string) => `POST / HTTP/1.1\r\n${JSON_HEAD}Content-Length: 9\r\n\r\n{"a":"${c}"}`],
])("a secret sent one character a request in %s is refused before it is out", async (_, request) => {
  const codes = await sent(characters.map(request));
  const refused = codes.indexOf("dlp.known_secret");
  expect(refused).toBeGreaterThan(0);
  // the secret's own separators do not count towards the twelve
  expect(refused).toBeLessThanOrEqual(15);
});

test("the refusal says that it was split", async () => {
  const side = sidecar({
    origin: await rawOrigin({ serve: answering(() => ok()) }),
    routes: [route({ dlp: DEFAULT_INSPECTION })],
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  let answers = "";
  for (const c of characters) {
    const client = await side.tls();
    client.send(`GET /s?q=${encodeURIComponent(c)} HTTP/1.1\r\n${HEAD}\r\n`);
    answers += await client.until(/\r\n\r\n[\s\S]*\}|200 OK/);
  }
  expect(answers).toContain("holds the secret DEPLOY_KEY, split over requests.");
});

test("a secret that its route allows may be sent in pieces too", async () => {
  const requests = characters.map((c) => `GET /s?q=${encodeURIComponent(c)} HTTP/1.1\r\n${HEAD}\r\n`);
  expect((await sent(requests, ["DEPLOY_KEY"])).filter((code) => code !== undefined)).toEqual([]);
});

test.each([
  ["gzip", "1f8b0800"],
  ["zstd", "28b52ffd"],
])("a secret in pieces is found in bodies that only begin like %s", async (_, magic) => {
  const pieces = [VALUE.slice(0, 9), VALUE.slice(9, 17), VALUE.slice(17)];
  const codes = await sent(
    pieces.map((piece) => {
      const body = Buffer.concat([Buffer.from(magic, "hex"), Buffer.from(`\xff ${piece} `, "latin1")]);
      const head = `POST / HTTP/1.1\r\n${HEAD}Content-Length: ${body.length}\r\n\r\n`;
      return Buffer.concat([Buffer.from(head), body]);
    }),
  );
  expect(codes).toContain("dlp.known_secret");
});
