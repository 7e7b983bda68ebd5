import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Secret } from "../src/base/secret.ts";
import { builtinPatterns } from "../src/dlp/patterns/builtin.ts";
import { openJournal } from "../src/journal/open.ts";
import { JournalWriter } from "../src/journal/writer.ts";
import { Quotas } from "../src/policy/quota.ts";
import { DEFAULT_INSPECTION, type RouteInspection } from "../src/policy/route.ts";
import { compilePolicy } from "../src/policy/routes.ts";
import { createCertificateAuthority } from "../src/sidecar/egress/ca.ts";
import { createEgress } from "../src/sidecar/egress/egress.ts";

/**
 * The egress plane alone, as a forward proxy on loopback with one route, for benchmarks:
 * `node bench/sidecar-alone.ts --port 9099 --host localhost --origin 127.0.0.1:8443 --ca origin-ca.pem [--ca-out ca.pem] [--journal FOLDER] [--no-dlp]`
 * Every verdict is journalled as in a bottle; without --journal the files have no name and go with the process.
 * Clients CONNECT to `localhost:8443` (the origin's port), or are given to `--transparent PORT` with that SNI.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9099" },
    transparent: { type: "string" },
    host: { type: "string", default: "localhost" },
    origin: { type: "string", default: "127.0.0.1:8443" },
    ca: { type: "string" },
    "ca-out": { type: "string", default: "sidecar-ca.pem" },
    auth: { type: "boolean", default: false },
    log: { type: "string", default: "1" },
    journal: { type: "string" },
    "no-dlp": { type: "boolean", default: false },
  },
});

const NO_DLP: RouteInspection = { ...DEFAULT_INSPECTION, outbound: [], inbound: "off", oversize: "pass" };
const originPort = Number(values.origin.slice(values.origin.lastIndexOf(":") + 1));
const ca = createCertificateAuthority({ name: "bench", now: Date.now() });
const folder = values.journal ?? mkdtempSync(join(tmpdir(), "bot-bottle-bench-journal-"));
const journal = JournalWriter.onDescriptors(
  openJournal({ lines: join(folder, "bench.jsonl"), head: join(folder, "bench.head") }),
  "bench",
  (error) => {
    throw error;
  },
);
if (values.journal === undefined) rmSync(folder, { recursive: true });
let records = 0;
const token = new Secret("TOKEN", "bench-token-0123456789abcdef");
const egress = createEgress({
  policy: compilePolicy({
    routes: [
      {
        host: values.host,
        ports: [443, originPort],
        matches: [],
        encodedSlash: "block",
        git: { fetch: false, apiWrite: false },
        source: "bench",
        ...(values["no-dlp"] ? { dlp: NO_DLP } : {}),
        ...(values.auth
          ? { auth: { header: "authorization", scheme: "bearer", secret: "TOKEN" } as const }
          : {}),
      },
    ],
    gitHosts: [],
  }),
  vault: new Map([["TOKEN", token]]),
  secrets: values["no-dlp"] ? [] : [{ name: "TOKEN", value: token, kind: "brokered" }],
  patterns: builtinPatterns(),
  quotas: new Quotas({}, [], () => {}),
  upstream: {
    resolve: { [`${values.host}:${originPort}`]: values.origin, [`${values.host}:443`]: values.origin },
    ca: values.ca === undefined ? undefined : readFileSync(values.ca, "utf8"),
    proxy: undefined,
    proxyResolves: false,
  },
  ca,
  log: values.log === "0" ? 0 : 1,
  record: (event) => {
    records++;
    journal.append(event, Date.now());
  },
  ownAddresses: [],
});
writeFileSync(values["ca-out"], ca.certificatePem);

const options = { noDelay: true, pauseOnConnect: true };
createServer(options, (socket) => egress.acceptProxy(socket)).listen(Number(values.port), "127.0.0.1", () => {
  console.log(`proxy on 127.0.0.1:${values.port}, CA in ${values["ca-out"]}`);
});
if (values.transparent !== undefined)
  createServer(options, (socket) => egress.acceptTransparent(socket, 443)).listen(
    Number(values.transparent),
    "127.0.0.1",
  );
process.on("SIGUSR2", () => {
  const { rss } = process.memoryUsage();
  console.log(
    `rss ${(rss / 1048576).toFixed(1)} MiB, ${records} records, ${process.cpuUsage().user / 1000} ms user`,
  );
});
