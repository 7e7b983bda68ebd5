// Runs inside the bottle (and, as the control, outside): no imports but node's own.
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What an attack came to. */
export type Outcome =
  /** `verdict`: the sidecar's header; `raw`: everything that came back */
  | { readonly kind: "http"; readonly status: number; readonly verdict: string | null; readonly raw: string }
  | { readonly kind: "bytes"; readonly raw: string }
  | { readonly kind: "failed"; readonly code: string }
  /** it worked */
  | { readonly kind: "done"; readonly detail: string };

export type Probes = Readonly<Record<string, () => Promise<Outcome> | Outcome>>;

/** `agent`, `exec` or `outside` */
export const way = process.argv[2] ?? "agent";
export const args = process.argv.slice(3);

/** For an answer that comes, on a slow machine late. */
export const PATIENCE_MS = 30_000;
/** For a datagram's: outside nobody answers most of them. */
export const DATAGRAM_MS = way === "outside" ? 1_000 : PATIENCE_MS;
const TOGETHER_OUTSIDE = 16;
const MAX_RAW = 16_384;

export const failed = (error: unknown): Outcome => ({
  kind: "failed",
  code: String((error instanceof Error && Reflect.get(error, "code")) || error),
});

/**
 * Runs every probe, `together` at a time, and prints a line for each; the agent then stays, so that `exec` finds its
 * bottle.
 */
export async function runProbes(probes: Probes, together = 1): Promise<void> {
  console.log(`NODE ${process.execPath}`);
  const waiting = Object.entries(probes);
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, probe] = next;
      let outcome: Outcome;
      try {
        outcome = await probe();
      } catch (error) {
        outcome = failed(error);
      }
      console.log(`PROBE ${JSON.stringify({ name, outcome })}`);
    }
  };
  const workers = way === "outside" ? TOGETHER_OUTSIDE : together;
  await Promise.all(Array.from({ length: workers }, worker));
  console.log("DONE");
  if (way === "agent") setInterval(() => undefined, 60_000);
  else process.exit(0);
}

/** Bytes to a TCP or unix socket and what comes back, until it closes or nothing more comes. */
export function tcp(
  to: { readonly host: string; readonly port: number } | { readonly path: string },
  bytes: string,
  options: { readonly patience?: number } = {},
): Promise<Outcome> {
  return converse(connectTcp(to), "connect", bytes, options.patience);
}

export interface TlsOptions {
  /** name or address dialled */
  readonly dial: string;
  readonly port?: number;
  /** server name sent; undefined: none */
  readonly sni?: string;
  readonly patience?: number;
}

/** The same over TLS, HTTP/1.1 by ALPN. The certificate is not looked at: attackers don't. */
export function tls({ dial, port = 443, sni, patience }: TlsOptions, bytes: string): Promise<Outcome> {
  const socket = connectTls({
    host: dial,
    port,
    // an empty name keeps node from sending the dialled one
    servername: sni ?? "",
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  });
  return converse(socket, "secureConnect", bytes, patience);
}

/** A GET with exactly these fields. */
export function get(path: string, host: string, more = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
}

/** An HTTPS request whose every name is `host`. */
export function https(host: string, path: string, more = ""): Promise<Outcome> {
  return tls(isIP(host) === 0 ? { dial: host, sni: host } : { dial: host }, get(path, host, more));
}

export function converse(
  socket: Socket,
  ready: "connect" | "secureConnect",
  bytes: string,
  patience = PATIENCE_MS,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let raw = "";
    let open = false;
    const end = (code: string) => {
      clearTimeout(timer);
      resolve(raw === "" ? { kind: "failed", code } : read(raw));
      socket.destroy();
    };
    const timer = setTimeout(() => end("TIMEOUT"), patience);
    socket.once(ready, () => {
      open = true;
      socket.write(Buffer.from(bytes, "latin1"));
    });
    socket.on("data", (chunk: Buffer) => {
      raw += chunk.toString("latin1");
      if (raw.length > MAX_RAW) end("LONG");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.on("close", () => end(open ? "CLOSED" : "NEVER_OPEN"));
  });
}

function read(raw: string): Outcome {
  const status = /^HTTP\/1\.1 (\d{3})/.exec(raw)?.[1];
  if (status === undefined) return { kind: "bytes", raw };
  const verdict = /\r\nx-bot-bottle-verdict: ([^\r]*)/i.exec(raw)?.[1] ?? null;
  return { kind: "http", status: Number(status), verdict, raw };
}

/** One datagram, sent twice so that the refusal of the first is seen. */
export function udp(address: string, port: number, payload: Buffer): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
    let again: NodeJS.Timeout | undefined;
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      clearTimeout(again);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ kind: "failed", code: "TIMEOUT" }), DATAGRAM_MS);
    socket.once("error", (error) => end(failed(error)));
    socket.once("message", (answer) => end({ kind: "bytes", raw: answer.toString("hex") }));
    socket.once("connect", () => {
      socket.send(payload);
      again = setTimeout(() => socket.send(payload), 50);
    });
    socket.connect(port, address);
  });
}

/** A line of perl, for calls node can't make: it prints `yes`, or the name of the errno. */
export function perl(condition: string, setup = ""): Outcome {
  const script = `use Socket; ${setup}; $! = 0; if (${condition}) { print "yes" } else { my ($n) = grep { $!{$_} } sort keys %!; print $n || "NO" }`;
  const run = spawnSync("perl", ["-MErrno", "-e", script], { encoding: "utf8", timeout: 20_000 });
  if (run.stdout === "yes") return { kind: "done", detail: condition };
  return { kind: "failed", code: run.stdout || (run.signal ?? run.stderr.trim()) };
}
