import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { answering, HOST, ok, rawOrigin, refusalCode, route, type Sidecar, sidecar } from "./harness.ts";
import { opening, wsOrigin } from "./websocket-harness.ts";

const CODE = "egress.git_api_write_blocked";

async function setup(apiWrite = false) {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    gitHosts: [HOST],
    routes: [route({ ports: [443], git: { fetch: false, apiWrite } })],
  });
  return { origin, side };
}

async function answer(side: Sidecar, head: string, body: string | Buffer = "", fields = ""): Promise<string> {
  const bytes = Buffer.from(body);
  const client = await side.tls();
  onTestFinished(() => void client.socket.destroy());
  const lines = `${head} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n`;
  return client.send(Buffer.concat([Buffer.from(lines), bytes])).until(/\r\n\r\n[\s\S]/);
}

const JSON_BODY = "Content-Type: application/json\r\n";
const graphql = (query: string) => JSON.stringify({ query });

test("a write by a forge's API is refused before anything arrives, and the refusal says what would allow it", async () => {
  const { origin, side } = await setup();
  const text = await answer(side, "PUT /api/v1/repos/o/r/contents/a.txt", '{"content":"YQ=="}', JSON_BODY);
  expect(refusalCode(text)).toBe(CODE);
  expect(origin.connections).toEqual([]);
  expect(side.events.map(({ code }) => code)).toEqual([CODE]);
});

test("GraphQL that reads arrives as it was sent, coded too", async () => {
  const { origin, side } = await setup();
  const body = graphql("query A { viewer { login } }");
  expect(await answer(side, "POST /graphql", body, JSON_BODY)).toContain("200 OK");
  const coded = gzipSync(body);
  expect(await answer(side, "POST /api/graphql", coded, `${JSON_BODY}Content-Encoding: gzip\r\n`)).toContain(
    "200 OK",
  );
  expect(origin.received()).toContain(body);
  expect(origin.received()).toContain(coded.toString("latin1"));
});

test.each([
  ["a mutation", graphql("mutation { a }"), JSON_BODY],
  ["a mutation that is coded", gzipSync(graphql("mutation { a }")), `${JSON_BODY}Content-Encoding: gzip\r\n`],
  ["a mutation behind a query", graphql("query A { a } mutation B { b }"), JSON_BODY],
  ["a document that only the server knows", '{"id":"1"}', JSON_BODY],
  ["a form", "query=mutation{a}", "Content-Type: application/x-www-form-urlencoded\r\n"],
  ["a document as it is", "mutation { a }", "Content-Type: application/graphql\r\n"],
  ["nothing", "", JSON_BODY],
  ["two names alike", '{"query":"{a}","query":"mutation{a}"}', JSON_BODY],
])("of GraphQL %s is refused, and nothing arrives", async (_, body, fields) => {
  const { origin, side } = await setup();
  expect(refusalCode(await answer(side, "POST /graphql", body, fields))).toBe(CODE);
  expect(origin.connections).toEqual([]);
});

test("a WebSocket to such a forge is not opened", async () => {
  const origin = await wsOrigin();
  const side = sidecar({ origin, gitHosts: [HOST], routes: [route({ ports: [443] })] });
  const client = await side.tls();
  onTestFinished(() => void client.socket.destroy());
  const text = await client.send(opening("", "/-/cable")).until(/\r\n\r\n[\s\S]/);
  expect(refusalCode(text)).toBe(CODE);
});

test("with git.api_write all of it goes", async () => {
  const { side } = await setup(true);
  expect(await answer(side, "PUT /repos/o/r/contents/a.txt", "{}", JSON_BODY)).toContain("200 OK");
  expect(await answer(side, "POST /graphql", graphql("mutation { a }"), JSON_BODY)).toContain("200 OK");
});
