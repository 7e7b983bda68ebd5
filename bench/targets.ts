import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { NODE_FLAGS } from "../src/backends/linux/confine-sidecar.ts";
import type { TargetName } from "./options.ts";
import type { Origin } from "./origin.ts";
import { freePort, listening, type Running, run, start } from "./processes.ts";

/** One way to the origin: through a proxy that opens TLS, or straight. */
export interface Target {
  readonly name: TargetName;
  /** undefined: no proxy */
  readonly proxyPort: number | undefined;
  /** file of the CA a client must trust */
  readonly ca: string;
  /** the proxy; undefined: none */
  readonly server: Running | undefined;
}

/** Starts one target; `folder` is its own. Undefined, with the reason told, when its program is not installed. */
export async function startTarget(
  name: TargetName,
  origin: Origin,
  folder: string,
  core: number | undefined,
): Promise<Target | undefined> {
  mkdirSync(folder, { recursive: true });
  switch (name) {
    case "direct":
      return { name, proxyPort: undefined, ca: origin.ca, server: undefined };
    case "bot-bottle":
      return startSidecar(name, origin, folder, core, []);
    case "bot-bottle, DLP off":
      return startSidecar(name, origin, folder, core, ["--no-dlp"]);
    case "squid":
      return startSquid(origin, folder, core);
    case "mitmdump":
      return startMitmdump(origin, folder, core);
  }
}

/** Bundled as it is shipped: a type stripper in the process would be measured too. */
async function startSidecar(
  name: TargetName,
  origin: Origin,
  folder: string,
  core: number | undefined,
  extra: readonly string[],
): Promise<Target> {
  const port = await freePort();
  const at = (name: string): string => join(folder, name);
  await build({
    entryPoints: [join(import.meta.dirname, "sidecar-alone.ts")],
    outfile: at("sidecar.cjs"),
    bundle: true,
    platform: "node",
    format: "cjs",
    minifySyntax: true,
    logLevel: "error",
  });
  const args = [
    ...[...NODE_FLAGS, at("sidecar.cjs")],
    ...["--port", String(port), "--host", "localhost", "--origin", `127.0.0.1:${origin.port}`],
    ...["--ca", origin.ca, "--ca-out", at("ca.pem"), "--journal", folder, ...extra],
  ];
  const log = at("sidecar.log");
  const server = start(process.execPath, args, { core, log });
  await listening(server, port, log);
  return { name, proxyPort: port, ca: at("ca.pem"), server };
}

async function startSquid(
  origin: Origin,
  folder: string,
  core: number | undefined,
): Promise<Target | undefined> {
  const helper = ["/usr/lib/squid/security_file_certgen", "/usr/lib64/squid/security_file_certgen"].find(
    existsSync,
  );
  if (helper === undefined) return missing("squid", "squid-openssl");
  const at = (name: string): string => join(folder, name);
  const port = await freePort();
  // `bump all` at once: with `peek` first, as is usual, a new connection costs it five times the processor time
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench squid CA"],
    ...["-addext", "keyUsage=critical,keyCertSign", "-keyout", at("ca.key"), "-out", at("ca.pem")],
  ]);
  await run(helper, ["-c", "-s", at("certs"), "-M", "4MB"]);
  writeFileSync(
    at("squid.conf"),
    `http_port 127.0.0.1:${port} ssl-bump tls-cert=${at("ca.pem")} tls-key=${at("ca.key")} generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program ${helper} -s ${at("certs")} -M 4MB
sslcrtd_children 1
ssl_bump bump all
tls_outgoing_options cafile=${origin.ca}
http_access allow all
cache deny all
memory_pools off
pid_filename none
access_log stdio:${at("access.log")}
cache_log ${at("cache.log")}
coredump_dir ${folder}
pinger_enable off
shutdown_lifetime 0 seconds
`,
  );
  giveToSquid(folder, ["certs", "certs/certs", "certs/index.txt", "certs/size", "ca.key", "ca.pem"]);
  const log = at("squid.log");
  const server = start("squid", ["-N", "-f", at("squid.conf")], { core, log });
  await listening(server, port, log);
  return { name: "squid", proxyPort: port, ca: at("ca.pem"), server };
}

/** squid started by root becomes the user `proxy` before it opens its files. */
function giveToSquid(folder: string, names: readonly string[]): void {
  if (userInfo().uid !== 0) return;
  const [, , uid, gid] = /^(proxy|squid):[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8")) ?? [];
  chmodSync(folder, 0o755);
  for (const path of [folder, ...names.map((name) => join(folder, name))]) {
    if (existsSync(path)) chownSync(path, Number(uid), Number(gid));
  }
}

async function startMitmdump(
  origin: Origin,
  folder: string,
  core: number | undefined,
): Promise<Target | undefined> {
  if (!existsSync("/usr/bin/mitmdump")) return missing("mitmdump", "mitmproxy");
  const port = await freePort();
  const log = join(folder, "mitmdump.log");
  const settings = [
    `confdir=${folder}`,
    `ssl_verify_upstream_trusted_ca=${origin.ca}`,
    "flow_detail=0",
    // its default holds every body whole
    "stream_large_bodies=1m",
  ];
  const args = [
    "-q",
    "--listen-host",
    "127.0.0.1",
    "-p",
    String(port),
    ...settings.flatMap((one) => ["--set", one]),
  ];
  const server = start("mitmdump", args, { core, log });
  await listening(server, port, log);
  return { name: "mitmdump", proxyPort: port, ca: join(folder, "mitmproxy-ca-cert.pem"), server };
}

function missing(program: string, debianPackage: string): undefined {
  console.error(
    `${program} is not installed (Debian package ${debianPackage}), left out; --install installs it`,
  );
  return undefined;
}
