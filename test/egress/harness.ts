import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { KnownSecret } from "../../src/dlp/known/secret.ts";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import type { PatternSet } from "../../src/dlp/patterns/pattern-set.ts";
import type { RequestEvent } from "../../src/journal/record.ts";
import { type BottleQuotas, type QuotaEvent, Quotas, type Spent } from "../../src/policy/quota.ts";
import type { RouteSpec } from "../../src/policy/route.ts";
import { compilePolicy } from "../../src/policy/routes.ts";
import { createCertificateAuthority } from "../../src/sidecar/egress/ca.ts";
import { createEgress, type Egress, type Shared } from "../../src/sidecar/egress/egress.ts";
import type { InnerPlane } from "../../src/sidecar/egress/stream.ts";
import { createCertificate, pem } from "../../src/sidecar/egress/tls/certificate.ts";

const DAY = 86_400_000;

/** The name every test route lists unless it says otherwise. */
export const HOST = "api.test";

/** A CA of the test's own, for origins. */
export class TestCa {
  readonly #key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly pem: string;

  constructor(name = "test origin CA") {
    this.pem = pem(
      createCertificate({
        commonName: name,
        publicKey: this.#key.publicKey,
        issuerKey: this.#key.privateKey,
        notBefore: Date.now() - 30 * DAY,
        notAfter: Date.now() + DAY,
        ca: true,
        hosts: [],
      }),
    );
    this.#name = name;
  }
  readonly #name: string;

  issue(options: { hosts?: string[]; notBefore?: number; notAfter?: number } = {}): {
    key: string;
    cert: string;
  } {
    const leaf = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const certificate = createCertificate({
      publicKey: leaf.publicKey,
      issuer: { commonName: this.#name, publicKey: this.#key.publicKey },
      issuerKey: this.#key.privateKey,
      notBefore: options.notBefore ?? Date.now() - DAY,
      notAfter: options.notAfter ?? Date.now() + DAY,
      ca: false,
      hosts: options.hosts ?? [HOST, "other.test", "localhost"],
    });
    return { key: pkcs8(leaf.privateKey), cert: pem(certificate) };
  }
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

export const originCa = new TestCa();

export function route(fields: Partial<RouteSpec> = {}): RouteSpec {
  return {
    host: HOST,
    ports: [443, 80],
    matches: [],
    encodedSlash: "block",
    git: { fetch: false, apiWrite: false },
    source: "test",
    ...fields,
  };
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

export function listening(server: Server, host = "127.0.0.1"): Promise<number> {
  return new Promise((resolve) => server.listen(0, host, () => resolve(portOf(server))));
}

/** What one end of a connection has received, and a way to wait for more. */
export class Wire {
  readonly socket: Socket;
  received: Buffer = Buffer.alloc(0);
  ended = false;
  closed = false;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.#wake();
    });
    socket.on("end", () => {
      this.ended = true;
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  get text(): string {
    return this.received.toString("latin1");
  }

  send(bytes: string | Buffer): this {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    return this;
  }

  /** Waits until `met` of the text received; rejects with that text when the connection closes first. */
  async until(met: RegExp | ((text: string) => boolean)): Promise<string> {
    const test = met instanceof RegExp ? (text: string) => met.test(text) : met;
    while (!test(this.text)) {
      if (this.closed) throw new Error(`closed after: ${JSON.stringify(this.text.slice(0, 2000))}`);
      await this.#more();
    }
    return this.text;
  }

  /** Sends `bytes` once `met`; never, when the connection closes first. */
  sendWhen(met: RegExp, bytes: string | Buffer): this {
    this.until(met).then(
      () => this.send(bytes),
      () => undefined,
    );
    return this;
  }

  /** Everything received up to the end of the connection. */
  async end(): Promise<string> {
    while (!this.ended && !this.closed) await this.#more();
    return this.text;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

export interface RawOrigin {
  readonly port: number;
  /** every connection that was opened, in order */
  readonly connections: Wire[];
  /** all bytes that arrived, over all connections */
  readonly received: () => string;
}

export interface OriginOptions {
  /** absent: TLS with a good certificate; false: in the clear */
  readonly tls?: { key: string; cert: string } | false;
  readonly alpn?: string[];
  /** called for every connection; absent: nothing is answered */
  readonly serve?: (wire: Wire) => void;
}

/** A server that does nothing but what the test says. */
export async function rawOrigin(options: OriginOptions = {}): Promise<RawOrigin> {
  const connections: Wire[] = [];
  const accept = (socket: Socket) => {
    const wire = new Wire(socket);
    connections.push(wire);
    options.serve?.(wire);
  };
  const sockets = new Set<Socket>();
  const server: Server =
    options.tls === false
      ? createServer(accept)
      : createTlsServer(
          { ...(options.tls ?? originCa.issue()), ...(options.alpn ? { ALPNProtocols: options.alpn } : {}) },
          accept,
        );
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  const port = await listening(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, connections, received: () => connections.map((c) => c.text).join("") };
}

/**
 * Answers every request on a connection: `answer` gets each head in turn (bodies of stated length are read first,
 * chunked ones up to their last chunk) and returns the raw response.
 */
export function answering(
  answer: (head: string, body: string, wire: Wire) => string | undefined,
): (wire: Wire) => void {
  return (wire) => {
    let at = 0;
    wire.socket.on("data", () => {
      while (true) {
        const rest = wire.text.slice(at);
        const end = rest.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = rest.slice(0, end + 4);
        const length = /^content-length: *(\d+)/im.exec(head);
        let size = end + 4 + Number(length?.[1] ?? 0);
        if (/^transfer-encoding: *chunked/im.test(head)) {
          const last = /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest.slice(end + 4));
          if (!last) return;
          size = end + 4 + last.index + last[0].length;
        }
        if (rest.length < size) return;
        at += size;
        const text = answer(head, rest.slice(end + 4, size), wire);
        if (text !== undefined) wire.send(text);
      }
    });
  };
}

/** A plain answer with a body. */
export function ok(body = "hello", fields = ""): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n\r\n${body}`;
}

export interface SidecarOptions {
  readonly routes?: RouteSpec[];
  /** hosts whose git goes through the gate */
  readonly gitHosts?: readonly string[];
  readonly secrets?: Record<string, string>;
  /** `host:port` -> `address:port` */
  readonly resolve?: Record<string, string>;
  /** the origin behind `HOST:443` */
  readonly origin?: { readonly port: number };
  /** what upstreams are verified against besides the usual roots; null: nothing */
  readonly caPem?: string | null;
  readonly proxy?: string;
  readonly proxyResolves?: boolean;
  readonly lookup?: (host: string) => Promise<readonly string[]>;
  /** false: the vault's secrets may leave, for what happens to them then */
  readonly searched?: false;
  /** in the bottle's environment: the sidecar holds them to know them */
  readonly bottleSecrets?: Record<string, string>;
  /** the made-up secret that nobody has a use for */
  readonly canary?: string;
  /** absent: the built-in ones */
  readonly patterns?: PatternSet;
  readonly quotas?: BottleQuotas;
  readonly spent?: readonly Spent[];
  readonly log?: 0 | 1 | 2;
  readonly ownAddresses?: string[];
  /** the planes that answer for names of the bottle's own */
  readonly inner?: (shared: Shared) => readonly InnerPlane[];
}

function known(name: string, value: string, kind: KnownSecret["kind"]): KnownSecret {
  return { name, value: new Secret(name, value), kind };
}

export class Sidecar {
  readonly events: RequestEvent[] = [];
  readonly quotaEvents: QuotaEvent[] = [];
  readonly egress: Egress;
  readonly caPem: string;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];
  readonly #ports = new Map<string, Promise<number>>();

  constructor(options: SidecarOptions) {
    const ca = createCertificateAuthority({ name: "test", now: Date.now() });
    this.caPem = ca.certificatePem;
    const resolve = options.origin ? { [`${HOST}:443`]: `127.0.0.1:${options.origin.port}` } : {};
    this.egress = createEgress({
      policy: compilePolicy({ routes: options.routes ?? [route()], gitHosts: options.gitHosts ?? [] }),
      vault: new Map(
        Object.entries({ ...options.secrets, ...options.bottleSecrets }).map(([name, value]) => [
          name,
          new Secret(name, value),
        ]),
      ),
      secrets: [
        ...Object.entries(options.searched === false ? {} : (options.secrets ?? {})).map(([name, value]) =>
          known(name, value, "brokered"),
        ),
        ...Object.entries(options.bottleSecrets ?? {}).map(([name, value]) => known(name, value, "bottle")),
        ...(options.canary === undefined ? [] : [known("CANARY", options.canary, "canary")]),
      ],
      patterns: options.patterns ?? builtinPatterns(),
      quotas: new Quotas(options.quotas ?? {}, options.spent ?? [], (event) => this.quotaEvents.push(event)),
      upstream: {
        resolve: { ...resolve, ...options.resolve },
        ca: options.caPem === null ? undefined : (options.caPem ?? originCa.pem),
        proxy: options.proxy,
        proxyResolves: options.proxyResolves ?? false,
      },
      ca,
      log: options.log ?? 1,
      record: (event) => this.events.push(event),
      ownAddresses: options.ownAddresses ?? [],
      ...(options.lookup ? { lookup: options.lookup } : {}),
      ...(options.inner ? { inner: options.inner } : {}),
    });
  }

  /** The listener a bottle would reach on `port`, opened on first use. */
  transparent(port = 443): Promise<number> {
    return this.#listen(`t${port}`, (socket) => this.egress.acceptTransparent(socket, port));
  }

  proxy(): Promise<number> {
    return this.#listen("p", (socket) => this.egress.acceptProxy(socket));
  }

  #listen(key: string, accept: (socket: Socket) => void): Promise<number> {
    let port = this.#ports.get(key);
    if (!port) {
      const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
        this.#sockets.add(socket);
        accept(socket);
      });
      this.#servers.push(server);
      port = listening(server);
      this.#ports.set(key, port);
    }
    return port;
  }

  close(): void {
    this.egress.close();
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** An HTTP/1.1 client over TLS on port 443. */
  async tls(options: { servername?: string | null; alpn?: string[]; port?: number } = {}): Promise<Wire> {
    const socket = await tcp(await this.transparent(options.port ?? 443));
    return new Wire(await this.handshake(socket, options));
  }

  /** TLS over a socket that leads to the sidecar. `servername` null: no SNI. */
  handshake(
    socket: Socket,
    options: { servername?: string | null; alpn?: string[] } = {},
  ): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const servername = options.servername === undefined ? HOST : options.servername;
      const tls = connectTls({
        socket,
        ca: this.caPem,
        ...(servername === null ? { checkServerIdentity: () => undefined } : { servername }),
        ...(options.alpn ? { ALPNProtocols: options.alpn } : {}),
      });
      tls.once("secureConnect", () => resolve(tls));
      tls.once("error", reject);
      onTestFinished(() => {
        tls.destroy();
      });
    });
  }

  /** A client in the clear on port 80. */
  async plain(port = 80): Promise<Wire> {
    return new Wire(await tcp(await this.transparent(port)));
  }

  /** A client of the proxy port. */
  async proxyClient(): Promise<Wire> {
    return new Wire(await tcp(await this.proxy()));
  }

  /** A tunnel through the proxy port, ready for TLS. */
  async tunnel(target: string): Promise<Socket> {
    const socket = await tcp(await this.proxy());
    const answer = await new Promise<string>((resolve) => {
      socket.once("data", (bytes) => resolve(bytes.toString("latin1")));
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    });
    if (!answer.startsWith("HTTP/1.1 200 ")) throw new Error(answer);
    return socket;
  }

  /** Waits until `count` requests were journalled. */
  async journal(count: number): Promise<RequestEvent[]> {
    while (this.events.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.events;
  }
}

/** A sidecar that ends with the test. */
export function sidecar(options: SidecarOptions = {}): Sidecar {
  const made = new Sidecar(options);
  onTestFinished(() => made.close());
  return made;
}

export function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.on("error", reject);
    onTestFinished(() => {
      socket.destroy();
    });
  });
}

/** The code of the refusal in a response. */
export function refusalCode(response: string): string | undefined {
  return /^x-bot-bottle-verdict: (\S+)/im.exec(response)?.[1];
}
