import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { ForgeName } from "../../../src/launch/git-keys/forges.ts";
import type { UpstreamConfig } from "../../../src/sidecar/protocol.ts";
import { TestCa } from "../../support/pki.ts";

/** A deploy key as the forge keeps it. */
export interface StoredKey {
  readonly id: number;
  readonly repo: string;
  readonly title: string;
  readonly key: string;
  readonly mayPush: boolean;
}

export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
}

/** What goes wrong with one call: before it is done (`undone`) or after. */
export type Trouble =
  | { readonly kind: "status"; readonly status: number; readonly body: string; readonly location?: string }
  | { readonly kind: "answer"; readonly body: string }
  | { readonly kind: "silent" | "cut off" | "closed"; readonly undone?: boolean }
  | { readonly kind: "huge" };

/** Title and body of every status, as each forge documents or sends it. */
const WORDS: Readonly<Record<ForgeName, Readonly<Record<number, string>>>> = {
  gitea: {
    401: '{"message":"invalid username, password or token","url":"https://forge.example.com/api/swagger"}',
    404: '{"errors":null,"message":"not found","url":"https://forge.example.com/api/swagger"}',
    422: '{"message":"This key has already been added to this repository","url":"https://forge.example.com/api/swagger"}',
  },
  github: {
    401: '{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}',
    404: '{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}',
    422: '{"message":"Validation Failed","errors":[{"resource":"PublicKey","code":"custom","field":"key","message":"key is already in use"}],"status":"422"}',
  },
  gitlab: {
    401: '{"message":"401 Unauthorized"}',
    404: '{"message":"404 Project Not Found"}',
    400: '{"message":{"fingerprint_sha256":["has already been taken"]}}',
  },
};

const PATHS: Readonly<Record<ForgeName, RegExp>> = {
  gitea: /^\/api\/v1\/repos\/([^/]+\/[^/]+)\/keys(?:\/(\d+))?$/,
  github: /^\/api\/v3\/repos\/([^/]+\/[^/]+)\/keys(?:\/(\d+))?$/,
  gitlab: /^\/api\/v4\/projects\/([^/]+)\/deploy_keys(?:\/(\d+))?$/,
};

/** A forge's deploy-key API over real TLS, written from the three forges' documentation. */
export class ForgeApiServer implements AsyncDisposable {
  readonly ca = new TestCa();
  readonly host = "forge.example.com";
  readonly keys: StoredKey[] = [];
  readonly seen: SeenCall[] = [];
  /** taken one a call of that method, in order */
  readonly troubles: { method: string; trouble: Trouble }[] = [];
  readonly #provider: ForgeName;
  readonly #token: string;
  readonly #repos: readonly string[];
  readonly #server;
  readonly #sockets = new Set<Duplex>();
  readonly #waiting: { method: string; done: () => void }[] = [];
  #nextId = 41;
  #port = 0;

  private constructor(provider: ForgeName, token: string, repos: readonly string[]) {
    this.#provider = provider;
    this.#token = token;
    this.#repos = repos;
    this.#server = createServer({ ...this.ca.leaf([this.host]) }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => this.#serve(request, response, Buffer.concat(chunks).toString("utf8")));
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("tlsClientError", () => {});
  }

  static async start(provider: ForgeName, token: string, repos: readonly string[]): Promise<ForgeApiServer> {
    const forge = new ForgeApiServer(provider, token, repos);
    await new Promise<void>((resolve) => forge.#server.listen(0, "127.0.0.1", resolve));
    forge.#port = (forge.#server.address() as AddressInfo).port;
    return forge;
  }

  get port(): number {
    return this.#port;
  }

  /** What settings say, so that the forge is found and believed. */
  upstream(): UpstreamConfig {
    const resolve = { [`${this.host}:443`]: `127.0.0.1:${this.port}` };
    return { resolve, ca: this.ca.cert, proxy: undefined, proxyResolves: false };
  }

  /** A call of that method was read and, unless its trouble says otherwise, done. */
  called(method: string): Promise<void> {
    return new Promise((done) => this.#waiting.push({ method, done }));
  }

  trouble(method: string, trouble: Trouble): void {
    this.troubles.push({ method, trouble });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse, body: string): void {
    const { method = "", url = "", headers } = request;
    this.seen.push({ method, path: url, headers });
    const at = this.troubles.findIndex((one) => one.method === method);
    const trouble = at < 0 ? undefined : this.troubles.splice(at, 1)[0]?.trouble;
    const undone = trouble?.kind === "status" || (trouble !== undefined && "undone" in trouble);
    const answer = undone ? undefined : this.#answer(method, url, headers, body);
    for (const one of this.#waiting.filter((one) => one.method === method)) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1);
      one.done();
    }
    this.#send(response, answer ?? { status: 200, body: "{}" }, trouble);
  }

  #send(
    response: ServerResponse,
    answer: { readonly status: number; readonly body: string },
    trouble: Trouble | undefined,
  ): void {
    const type = { "content-type": "application/json" };
    switch (trouble?.kind) {
      case undefined:
        response.writeHead(answer.status, type).end(answer.status === 204 ? undefined : answer.body);
        return;
      case "status": {
        const { status, body, location } = trouble;
        response.writeHead(status, { ...type, ...(location !== undefined && { location }) }).end(body);
        return;
      }
      case "answer":
        response.writeHead(answer.status, type).end(trouble.body);
        return;
      case "silent":
        return;
      case "closed":
        response.socket?.destroy();
        return;
      case "cut off":
        response.writeHead(answer.status, { ...type, "content-length": answer.body.length });
        response.write(answer.body.slice(0, 9), () => response.socket?.destroySoon());
        return;
      case "huge": {
        response.writeHead(answer.status, type);
        response.on("error", () => {});
        const more = () => {
          if (!response.destroyed) response.write(" ".repeat(65_536), more);
        };
        more();
      }
    }
  }

  #answer(method: string, url: string, headers: IncomingMessage["headers"], body: string) {
    const { pathname, searchParams } = new URL(url, "https://forge.example.com");
    const given =
      this.#provider === "gitlab"
        ? headers["private-token"]
        : headers.authorization?.replace(this.#provider === "github" ? /^Bearer / : /^token /, "");
    const words = (status: number) => ({ status, body: WORDS[this.#provider][status] ?? "{}" });
    if (given !== this.#token) return words(401);
    const [, encoded = "", id] = PATHS[this.#provider].exec(pathname) ?? [];
    const repo = decodeURIComponent(encoded);
    if (!this.#repos.includes(repo)) return words(404);
    const own = this.keys.filter((key) => key.repo === repo);
    switch (method) {
      case "GET": {
        const asked = Number(searchParams.get(this.#provider === "gitea" ? "limit" : "per_page") ?? 20);
        const size = Math.min(asked, 50);
        const from = (Number(searchParams.get("page") ?? 1) - 1) * size;
        const page = own.slice(from, from + size).map((key) => this.#shown(key));
        return { status: 200, body: JSON.stringify(page) };
      }
      case "POST":
        return this.#add(repo, JSON.parse(body)) ?? words(this.#provider === "gitlab" ? 400 : 422);
      case "DELETE": {
        const found = own.find((key) => String(key.id) === id);
        if (!found) return words(404);
        this.keys.splice(this.keys.indexOf(found), 1);
        return { status: 204, body: "" };
      }
      default:
        return words(404);
    }
  }

  #add(repo: string, asked: { title: string; key: string; read_only?: boolean; can_push?: boolean }) {
    const { title, key } = asked;
    const taken = this.keys.some((one) => one.key === key || (one.repo === repo && one.title === title));
    if (taken || !key.startsWith("ssh-ed25519 AAAA")) return undefined;
    const mayPush = this.#provider === "gitlab" ? asked.can_push === true : asked.read_only === false;
    const stored = { id: this.#nextId++, repo, title, key, mayPush };
    this.keys.push(stored);
    return { status: 201, body: JSON.stringify(this.#shown(stored)) };
  }

  #shown({ id, title, key, mayPush }: StoredKey): Record<string, unknown> {
    const blob = Buffer.from(key.split(" ")[1] ?? "", "base64");
    const fingerprint = `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=$/, "")}`;
    const created_at = "2026-01-01T00:00:00Z";
    const url = `https://${this.host}/keys/${id}`;
    switch (this.#provider) {
      case "gitea":
        return { id, key_id: id + 7, key, url, title, fingerprint, created_at, read_only: !mayPush };
      case "github":
        return { id, key, url, title, verified: true, created_at, read_only: !mayPush, enabled: true };
      case "gitlab":
        return { id, title, key, fingerprint_sha256: fingerprint, created_at, can_push: mayPush };
    }
  }
}
