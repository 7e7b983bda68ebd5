import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Outcome } from "./outcome.ts";

const PATIENCE_MS = 3_000;
const MAX_ANSWER = 65_536;
/** The RR types asked for (RFC 1035 §3.2.2). */
const TYPES = { A: 1, TXT: 16 } as const;

interface Request {
  /** what the Host field says */
  readonly host: string;
  readonly path: string;
  readonly method?: string;
  /** what TLS says and what is dialled, where they differ */
  readonly sni?: string;
  readonly dial?: string;
  /** a forward proxy to go through */
  readonly proxy?: { readonly host: string; readonly port: number };
}

/** One HTTPS request, written by hand so that nothing tidies it up. The certificate is not looked at: attackers don't. */
export async function get({
  host,
  path,
  method = "GET",
  sni = host,
  dial = host,
  proxy,
}: Request): Promise<Outcome> {
  const named = isIP(sni) === 0 && !/^[\d.]+$/.test(sni);
  const tunnel = proxy === undefined ? undefined : await openTunnel(proxy, `${host}:443`);
  const socket = connectTls({
    ...(tunnel === undefined ? { host: dial, port: 443 } : { socket: tunnel }),
    ...(named ? { servername: sni } : {}),
    rejectUnauthorized: false,
    ALPNProtocols: ["http/1.1"],
  });
  const token = process.env.API_TOKEN ?? "";
  return converse(
    socket,
    "secureConnect",
    `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
  );
}

/** CONNECT (RFC 9110 §9.3.6); rejects with the proxy's first line when it says no there already. */
function openTunnel(proxy: { host: string; port: number }, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(proxy);
    socket.once("error", reject);
    socket.once("data", (chunk: Buffer) => {
      const [line = ""] = chunk.toString("latin1").split("\r\n");
      if (line.startsWith("HTTP/1.1 200")) resolve(socket);
      else reject(new Error(line));
    });
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`);
  });
}

/** Bytes sent over plain TCP and what came back. */
export function exchange(to: { host: string; port: number }, bytes: string): Promise<Outcome> {
  return converse(connectTcp(to), "connect", bytes);
}

export function reachUnix(path: string): Promise<Outcome> {
  return converse(connectTcp({ path }), "connect", "hello\n");
}

function converse(socket: Socket, ready: "connect" | "secureConnect", bytes: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome) => {
      resolve(outcome);
      socket.destroy();
    };
    let answer = "";
    let open = false;
    socket.setTimeout(PATIENCE_MS, () => end(judged(answer) ?? { kind: "failed", code: "TIMEOUT" }));
    socket.once(ready, () => {
      open = true;
      socket.write(bytes);
    });
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      const length = /\r\ncontent-length: (\d+)/i.exec(answer)?.[1];
      const body = answer.indexOf("\r\n\r\n") + 4;
      const whole = body > 3 && length !== undefined && answer.length >= body + Number(length);
      if (answer.length > MAX_ANSWER || whole) end(judged(answer) ?? { kind: "failed", code: "BAD_ANSWER" });
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", code: error.code ?? "ERROR" }),
    );
    socket.on("close", () => {
      end(judged(answer) ?? { kind: "failed", code: open ? "CLOSED" : "ECONNREFUSED" });
    });
  });
}

/** An HTTP answer, or any other bytes: something was reached. */
function judged(answer: string): Outcome | undefined {
  if (answer === "") return undefined;
  const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
  if (status === undefined) return { kind: "succeeded", detail: answer.slice(0, 80) };
  const verdict = /\r\nx-bot-bottle-verdict: ([^\r]*)/i.exec(answer)?.[1] ?? null;
  const body = answer.slice(answer.indexOf("\r\n\r\n") + 4).slice(0, 400);
  return { kind: "http", status: Number(status), verdict, body };
}

/** A datagram to a port where HTTP/3 would listen. An ICMP refusal comes back as an error of the connected socket. */
export function udp(address: string, port: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    let again: NodeJS.Timeout | undefined;
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      clearTimeout(again);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ kind: "failed", code: "TIMEOUT" }), PATIENCE_MS);
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", code: error.code ?? "ERROR" }),
    );
    socket.once("message", () => end({ kind: "succeeded", detail: "an answer came back" }));
    socket.once("connect", () => {
      const initial = Buffer.alloc(1200, 0xc0);
      socket.send(initial);
      // the refusal of the first is reported by the second
      again = setTimeout(() => socket.send(initial), 50);
    });
    socket.connect(port, address);
  });
}

/** One DNS question (RFC 1035 §4.1) put to a server of the agent's own choice. */
export function ask(server: string, name: string, type: keyof typeof TYPES): Promise<Outcome> {
  const labels = name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const header = Buffer.from([randomInt(256), randomInt(256), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const question = Buffer.concat([header, ...labels, Buffer.from([0, 0, TYPES[type], 0, 1])]);
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => end({ kind: "failed", code: "TIMEOUT" }), PATIENCE_MS);
    socket.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", code: error.code ?? "ERROR" }),
    );
    socket.on("message", (answer) => {
      const count = answer.readUInt16BE(6);
      // a lone A record ends the message: its last four octets are the address
      const address = type === "A" && count === 1 ? [answer.subarray(-4).join(".")] : [];
      const other = count > address.length ? [`${count} ${type} records`] : [];
      end({ kind: "dns", rcode: (answer[3] ?? 0) & 0x0f, answers: [...address, ...other] });
    });
    socket.send(question, 53, server);
  });
}
