import { createHash } from "node:crypto";
import type { Http2ServerResponse } from "node:http2";
import type { SeenRequest } from "./https-origin.ts";

/** An action as the batch API hands it out. */
export interface LfsAction {
  readonly href: string;
  readonly header?: Readonly<Record<string, string>>;
}

type ActionName = "upload" | "download" | "verify";

const TYPE = "application/vnd.git-lfs+json";

/** LFS for the repositories of an HTTPS origin: the batch API, a store for the objects, their check, all behind one Authorization. */
export class LfsServer {
  /** what it keeps, by SHA-256 */
  readonly objects = new Map<string, Buffer>();
  /** answers a request itself and returns true */
  handler: ((seen: SeenRequest, response: Http2ServerResponse) => boolean) | undefined;
  /** the action that is handed out instead of the server's own */
  action: ((name: ActionName, oid: string) => LfsAction) | undefined;
  readonly #authorization: string;

  constructor(authorization: string) {
    this.#authorization = authorization;
  }

  /** False: the request is not for it. */
  handle(seen: SeenRequest, response: Http2ServerResponse): boolean {
    const [path = ""] = seen.url.split("?");
    if (this.handler?.(seen, response) === true) return true;
    if (!path.includes("/info/lfs") && !path.startsWith("/store/")) return false;
    if (seen.headers.authorization === this.#authorization) this.#answer(seen, path, response);
    else json(response, 401, { message: "who are you?" });
    return true;
  }

  /** SHA-256 of what somebody began to bring, by the origin's log. */
  static puts(seen: readonly SeenRequest[]): readonly string[] {
    return seen.flatMap(({ method, url }) =>
      method === "PUT" ? [/[0-9a-f]{64}/.exec(url)?.[0] ?? url] : [],
    );
  }

  #answer({ method, authority, body }: SeenRequest, path: string, response: Http2ServerResponse): void {
    const name = path.split("/").at(-1) ?? "";
    if (path.endsWith("/info/lfs/objects/batch"))
      json(response, 200, this.#batch(body, `https://${authority}`));
    else if (name === "verify") {
      const { oid = "" } = JSON.parse(body.toString("utf8")) as { oid?: string };
      json(response, this.objects.has(oid) ? 200 : 404, {});
    } else if (method === "PUT") {
      const is = createHash("sha256").update(body).digest("hex") === name;
      if (is) this.objects.set(name, body);
      json(response, is ? 200 : 422, {});
    } else if (method === "GET" && this.objects.has(name)) {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      response.end(this.objects.get(name) ?? "");
    } else json(response, 404, { message: "nothing here" });
  }

  #batch(body: Buffer, origin: string): unknown {
    const { operation, objects } = JSON.parse(body.toString("utf8")) as {
      operation: "upload" | "download";
      objects: { oid: string; size: number }[];
    };
    const action = (name: ActionName, oid: string): LfsAction =>
      this.action?.(name, oid) ?? {
        href: `${origin}/store/${name === "verify" ? name : oid}?signed=1`,
        header: { Authorization: this.#authorization },
      };
    const listed = objects.map((object) => {
      const { oid } = object;
      const has = this.objects.has(oid);
      if (operation === "download" && !has) return { ...object, error: { code: 404, message: "not here" } };
      if (operation === "upload" && has) return object;
      const verify = operation === "upload" ? { verify: action("verify", oid) } : {};
      return { ...object, actions: { [operation]: action(operation, oid), ...verify } };
    });
    return { transfer: "basic", objects: listed };
  }
}

function json(response: Http2ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": TYPE });
  response.end(JSON.stringify(value));
}
