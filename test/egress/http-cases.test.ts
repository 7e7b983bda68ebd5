import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { answering, HOST, ok, rawOrigin, type Sidecar, sidecar } from "./harness.ts";

/**
 * Raw messages of a public parser's test suite. What a sidecar owes: whatever arrives, the upstream sees whole
 * requests that its strict reading finds in it, one for each, or the client sees a refusal; never something in between.
 */
const FOLDER = fileURLToPath(new URL("../../../shared/data/http-cases/", import.meta.url));

interface Case {
  readonly name: string;
  readonly bytes: string;
}

/** The fenced `http` blocks: line ends are CRLF, but where a block spells its own as `\r` and `\n`. */
function readCases(prefix: string): Case[] {
  const cases: Case[] = [];
  for (const file of readdirSync(FOLDER)
    .filter((f) => f.startsWith(prefix) && f.endsWith(".md"))
    .sort()) {
    const text = readFileSync(`${FOLDER}${file}`, "utf8");
    let heading = "";
    for (const match of text.matchAll(/^#+ (.*)$|^```http\n([\s\S]*?)\n?```$/gm)) {
      if (match[1] !== undefined) heading = match[1];
      else cases.push({ name: `${file}: ${heading} #${cases.length}`, bytes: decode(match[2] ?? "") });
    }
  }
  return cases;
}

function decode(block: string): string {
  return Buffer.from(
    block
      .replace(/\\\n/g, "")
      .replace(/\r?\n/g, "\r\n")
      .replace(/\\r\r\n/g, "\r")
      .replace(/\\n\r\n/g, "\n")
      .replace(/\\r/g, "\r")
      .replace(/\\n/g, "\n")
      .replace(/\\t/g, "\t")
      .replace(/\\f/g, "\f")
      .replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "utf8",
  ).toString("latin1");
}

/** Requests a strict server finds in what reached it; the rest is a request not (yet) whole. */
function upstreamRequests(received: string): { whole: string[]; rest: string } {
  const whole: string[] = [];
  let rest = received;
  while (true) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return { whole, rest };
    const head = rest.slice(0, end + 4);
    expect(head).toMatch(
      /^[!-~]+ [!-~]+ HTTP\/1\.1\r\nHost: api\.test\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/,
    );
    const lengths = [...head.matchAll(/^content-length: (.*)\r$/gim)];
    const codings = [...head.matchAll(/^transfer-encoding: (.*)\r$/gim)];
    expect(lengths.length + codings.length).toBeLessThanOrEqual(1);
    let size = end + 4;
    if (lengths.length === 1) {
      expect(lengths[0]?.[1]).toMatch(/^\d+$/);
      size += Number(lengths[0]?.[1]);
    } else if (codings.length === 1) {
      expect(codings[0]?.[1]).toBe("chunked");
      const chunks = /^(?:[0-9a-f]+\r\n[\s\S]*?\r\n)*?0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest.slice(size));
      if (!chunks) return { whole, rest };
      size += chunks[0].length;
    }
    if (rest.length < size) return { whole, rest };
    whole.push(rest.slice(0, size));
    rest = rest.slice(size);
  }
}

/** The cases say nothing of Host: the policy wants one, so the first head of each gets it where it has none. */
function withHost(bytes: string): string {
  return /^host *:/im.test(bytes)
    ? bytes.replace(/^host *: *[^\r\n]*/gim, `Host: ${HOST}`)
    : bytes.replace(/(HTTP\/1\.[01]\r\n)/g, `$1Host: ${HOST}\r\n`);
}

/** Requests beside a case that are answered while it hears nothing, after which it is over: most end by themselves. */
const PROBES = 4;
const PROBE = "/beside-it";
const TOGETHER = 8;

/** Runs `one` for all, some at a time. */
async function each<T>(all: readonly T[], one: (item: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
}

/** A request over a connection of its own, up to its answer. */
async function probe(side: Sidecar): Promise<void> {
  const client = await side.tls();
  const request = `GET ${PROBE} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
  expect(await client.send(request).end()).toMatch(/^HTTP\/1\.1 200 /);
}

async function play(side: Sidecar, bytes: string): Promise<string> {
  const client = await side.tls();
  client.send(bytes);
  // A request of our own behind it tells when the sidecar has done with what came before; if it is swallowed as a
  // body, or the connection is closed, that is an answer too.
  client.send(`\r\nGET /the-end HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
  let heard = -1;
  for (let silent = 0; silent < PROBES && !client.ended && !client.closed; silent++) {
    if (client.received.length > heard) silent = 0;
    heard = client.received.length;
    await Promise.race([client.end(), probe(side)]);
  }
  client.socket.destroy();
  return client.end();
}

const present = existsSync(FOLDER);
if (!present) console.log(`skipped: no public HTTP cases in ${FOLDER}`);

test.runIf(present)(
  "forwards each request of the public cases as exactly one request, or refuses it",
  async () => {
    const cases = readCases("request-");
    expect(cases.length).toBeGreaterThan(150);
    let forwarded = 0;
    let refused = 0;
    await each(cases, async ({ name, bytes }) => {
      const origin = await rawOrigin({ serve: answering(() => ok("ok")) });
      const side = sidecar({ origin });
      const response = await play(side, withHost(bytes));
      const answers = [...response.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((m) => Number(m[1]));
      for (const connection of origin.connections) {
        const { whole: all, rest } = upstreamRequests(connection.text);
        const whole = all.filter((request) => !request.startsWith(`GET ${PROBE} `));
        forwarded += whole.length;
        for (const request of whole) expect(request, name).not.toMatch(/^(?:CONNECT|TRACE|PRI) /);
        // Only a request whose end never came, or that was refused in its body, may be left unfinished.
        if (rest !== "") expect(rest, name).toMatch(/^[!-~]+ [!-~]+ HTTP\/1\.1\r\n/);
      }
      if (answers.some((status) => status >= 400)) refused++;
      side.close();
    });
    console.log(`${cases.length} cases: ${forwarded} requests forwarded, ${refused} cases with a refusal`);
    expect(forwarded).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
  },
  300_000,
);

test.runIf(present)(
  "gives the client one well-formed answer for each answer of the public cases",
  async () => {
    const cases = readCases("response-");
    expect(cases.length).toBeGreaterThan(80);
    for (const { name, bytes } of cases) {
      const origin = await rawOrigin({
        serve: (wire) =>
          void wire.until(/\r\n\r\n/).then(() => wire.socket.end(Buffer.from(bytes, "latin1"))),
      });
      const side = sidecar({ origin });
      const client = await side.tls();
      client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
      const text = (await client.end()).replace(/^(?:HTTP\/1\.1 1\d\d [^\r]*\r\n(?:[^\r]+\r\n)*\r\n)*/, "");
      if (text !== "")
        expect(text, name).toMatch(
          /^HTTP\/1\.1 \d{3} [^\r\n]*\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*\r\n)*\r\n/,
        );
      // Our framing, once.
      const head = text.slice(0, text.indexOf("\r\n\r\n") + 4);
      expect(
        [...head.matchAll(/^(?:content-length|transfer-encoding):/gim)].length,
        name,
      ).toBeLessThanOrEqual(1);
      side.close();
    }
  },
  300_000,
);
