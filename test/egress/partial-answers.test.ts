import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { answering, HOST, rawOrigin, refusalCode, sidecar } from "./harness.ts";

const SECRET = ["Qm7x", "Tz4Lp9", "Vw2Rk8", "Nd5Hs3"].join("");
const TEXT = `before ${SECRET} after`;
const RANGE = `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-${TEXT.length - 1}/99999\r\n`;

async function answer(text: string): Promise<string> {
  const origin = await rawOrigin({ serve: answering(() => text) });
  const client = await sidecar({ origin, secrets: { T: SECRET } }).tls();
  return client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`).end();
}

test.each([
  ["whole", `${RANGE}Content-Length: ${TEXT.length}\r\n\r\n${TEXT}`],
  [
    "chunked",
    `${RANGE}Transfer-Encoding: chunked\r\n\r\n${TEXT.length.toString(16)}\r\n${TEXT}\r\n0\r\n\r\n`,
  ],
])("of a range that is masked (%s) the length stays what Content-Range says", async (_, text) => {
  const came = await answer(text);
  expect(came).not.toContain(SECRET.slice(0, 12));
  expect(/before .* after/.exec(came)?.[0]).toHaveLength(TEXT.length);
});

test("a range of a coded answer can't be rewritten, and is refused", async () => {
  const coded = gzipSync(TEXT).toString("latin1");
  const came = await answer(
    `${RANGE}Content-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n\r\n${coded}`,
  );
  expect(refusalCode(came)).toBe("dlp.known_secret");
});
