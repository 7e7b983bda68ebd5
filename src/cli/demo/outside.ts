import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer as createTcp, type Server } from "node:net";
import { createCertificateAuthority } from "../../sidecar/egress/ca.ts";
import type { Evidence } from "./judge.ts";
import { ALLOWED_HOST } from "./operator.ts";

/** What stands outside the bottle: a real upstream, and services of this machine that nothing may touch. */
export interface Outside {
  readonly upstreamPort: number;
  readonly ca: string;
  readonly hostPort: number;
  /** name of an abstract unix socket, without its leading NUL */
  readonly hostSocket: string;
  readonly seen: Evidence["upstream"];
  readonly trapsTouched: string[];
  close(): void;
}

export async function startOutside(): Promise<Outside> {
  const now = Date.now();
  const authority = createCertificateAuthority({ name: "demo upstream", now });
  const seen: { attempt: string; authorization: string }[] = [];
  const trapsTouched: string[] = [];
  const context = authority.contextFor(ALLOWED_HOST, now);
  if (context === undefined) throw new Error(`no certificate for ${ALLOWED_HOST}`);
  const upstream = createHttps({ SNICallback: (_name, done) => done(null, context) }, (request, response) => {
    const attempt = new URL(request.url ?? "/", "https://upstream.invalid").searchParams.get("attempt") ?? "";
    seen.push({ attempt, authorization: request.headers.authorization ?? "" });
    response.end("hello from the upstream\n");
  });
  const trap = (attempt: string) =>
    createTcp((socket) => {
      trapsTouched.push(attempt);
      socket.on("error", () => undefined);
      socket.end("a service of the host\n");
    });
  const tcp = trap("host-tcp");
  const unix = trap("host-unix");
  const hostSocket = `bot-bottle-demo-${process.pid}`;
  await listen(upstream, { port: 0, host: "127.0.0.1" });
  await listen(tcp, { port: 0, host: "127.0.0.1" });
  await listen(unix, { path: `\0${hostSocket}` });
  return {
    upstreamPort: portOf(upstream),
    ca: authority.certificatePem,
    hostPort: portOf(tcp),
    hostSocket,
    seen,
    trapsTouched,
    close: () => {
      upstream.closeAllConnections();
      for (const server of [upstream, tcp, unix]) server.close();
    },
  };
}

function listen(server: Server, where: { port: number; host: string } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, resolve);
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
