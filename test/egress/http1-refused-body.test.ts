import { expect, test } from "vitest";
import { http1Carrier } from "./carriers.ts";
import { refusalCode, sidecar } from "./harness.ts";

const DISCARDED = 256 * 1024;
const HEAD = "POST / HTTP/1.1\r\nHost: evil.test\r\n";

test.each([
  ["longer than what is thrown away", `Content-Length: ${DISCARDED + 1}\r\n`],
  ["of a length that isn't stated", "Transfer-Encoding: chunked\r\n"],
])("the answer to a refused body %s says that the connection closes, and it does", async (_, fields) => {
  const client = await sidecar().tls({ servername: "evil.test" });
  const text = await client.send(`${HEAD}${fields}\r\n`).end();
  expect(refusalCode(text)).toBe("egress.host_not_allowed");
  expect(text).toMatch(/^connection: close\r$/im);
});

test("behind a refused body that can be thrown away the next request is answered", async () => {
  const client = await sidecar().tls({ servername: "evil.test" });
  const first = await client.send(`${HEAD}Content-Length: ${DISCARDED}\r\n\r\n`).until(/\}\n$/);
  expect(first).not.toMatch(/^connection: close/im);
  client.send(Buffer.alloc(DISCARDED)).send(`${HEAD}Content-Length: 0\r\n\r\n`);
  await client.until((text) => text.split("HTTP/1.1 403").length === 3);
});

test.each([true, false])(
  "a client that uses its connections again is answered after each refusal of 1 MiB (length stated: %s)",
  async (stated) => {
    const carrier = await http1Carrier(sidecar());
    for (let i = 0; i < 4; i++) {
      const answer = await carrier.send({
        fields: { host: "evil.test" },
        pieces: [Buffer.alloc(1024 * 1024)],
        stated,
      });
      expect(answer.verdict).toBe("egress.host_mismatch");
    }
    carrier.close();
  },
);
