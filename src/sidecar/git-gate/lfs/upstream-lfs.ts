import { printable } from "../../../base/printable.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { MAX_REFUSAL_BYTES } from "../limits.ts";
import { UpstreamRefused } from "../upstream/conversation.ts";
import { beginningOf, type HttpClient, type HttpResponse } from "../upstream/http-client.ts";
import { type Action, readAction } from "./action.ts";
import { LFS_JSON } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { type LfsObject, LfsRequestError, members, type Operation, readJson } from "./objects.ts";

/** What an upstream says of one object. */
export type Offer =
  /** what to do; undefined: it has the object already, or wants none of it to be told */
  | { readonly transfer: Action | undefined; readonly verify: Action | undefined }
  /** it won't; `message` is printable */
  | { readonly code: number; readonly message: string };

/** An upstream's own LFS API (git-lfs docs/api/batch.md). Everything rejects with `UpstreamRefused`. */
export class UpstreamLfs {
  readonly #client: HttpClient;
  readonly #endpoint: Endpoint;
  readonly #host: string;

  /** `host`: the entry's */
  constructor(client: HttpClient, endpoint: Endpoint, host: string) {
    this.#client = client;
    this.#endpoint = endpoint;
    this.#host = host;
  }

  /** Asks what to do with objects. The answer has one offer for each, in their order. */
  async batch(operation: Operation, objects: readonly LfsObject[]): Promise<readonly Offer[]> {
    const api = await this.#endpoint(operation);
    const asked = { operation, transfers: ["basic"], objects, hash_algo: "sha256" };
    const response = await this.#client.request({
      origin: api.origin,
      method: "POST",
      target: `${api.target}/objects/batch`,
      fields: ["accept", LFS_JSON, "content-type", LFS_JSON, ...api.fields],
      body: Buffer.from(JSON.stringify(asked)),
      repeatable: true,
    });
    if (response.status !== 200) throw await this.#refused(response, "the batch API");
    const said = members(await this.#json(response));
    if ((said.get("transfer") ?? "basic") !== "basic")
      throw new UpstreamRefused(`${this.#host} serves LFS in another way than it was asked for.`);
    const listed = said.get("objects");
    const byOid = new Map<unknown, ReadonlyMap<string, unknown>>();
    for (const one of Array.isArray(listed) ? listed : []) {
      const object = members(one);
      byOid.set(object.get("oid"), object);
    }
    return objects.map(({ oid }) => this.#offer(operation, byOid.get(oid), api));
  }

  /** Sends an object. `source` must have as many bytes as the object. */
  async put(
    { origin, target, fields }: Action,
    { size }: LfsObject,
    source: AsyncIterable<Buffer>,
  ): Promise<void> {
    const typed = fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === "content-type");
    const response = await this.#client.request({
      origin,
      method: "PUT",
      target,
      fields: typed ? fields : ["content-type", "application/octet-stream", ...fields],
      body: { source, length: size },
      repeatable: false,
    });
    if (response.status < 200 || response.status > 299) throw await this.#refused(response, origin.host);
    response.body.destroy();
  }

  /** Tells that an object is there. */
  async verify({ origin, target, fields }: Action, { oid, size }: LfsObject): Promise<void> {
    const response = await this.#client.request({
      origin,
      method: "POST",
      target,
      fields: ["accept", LFS_JSON, "content-type", LFS_JSON, ...fields],
      body: Buffer.from(JSON.stringify({ oid, size })),
      repeatable: true,
    });
    if (response.status !== 200) throw await this.#refused(response, "the check of what was sent");
    response.body.destroy();
  }

  /** An object's bytes as they come: neither length nor hash is looked at here. */
  async get({ origin, target, fields }: Action, signal: AbortSignal): Promise<HttpResponse["body"]> {
    const response = await this.#client.request({
      origin,
      method: "GET",
      target,
      fields,
      repeatable: true,
      signal,
    });
    if (response.status !== 200) throw await this.#refused(response, origin.host);
    return response.body;
  }

  async #json({ body }: HttpResponse): Promise<unknown> {
    try {
      return await readJson(body as AsyncIterable<Buffer>);
    } catch (error) {
      if (!(error instanceof LfsRequestError)) throw error;
      throw new UpstreamRefused(
        `${this.#host} answers the LFS batch API with what is no answer: ${error.message}.`,
      );
    } finally {
      body.destroy();
    }
  }

  #offer(operation: Operation, said: ReadonlyMap<string, unknown> | undefined, api: Action): Offer {
    if (said === undefined) return { code: 404, message: "The upstream says nothing of this object." };
    const error = said.get("error");
    if (error !== undefined && error !== null) {
      const { code, message } = Object.fromEntries(members(error));
      const text = typeof message === "string" ? printable(message, 300) : "no reason";
      return { code: typeof code === "number" ? code : 422, message: `The upstream says: ${text}` };
    }
    const actions = members(said.get("actions"));
    const authenticated = said.get("authenticated") === true;
    const read = (name: string): Action | undefined => {
      const action = actions.get(name);
      if (action === undefined || action === null) return undefined;
      return authenticated ? readAction(action, this.#host) : withOwn(readAction(action, this.#host), api);
    };
    const transfer = read(operation);
    if (operation === "download" && transfer === undefined)
      return { code: 404, message: "The upstream has no such object." };
    return { transfer, verify: operation === "upload" ? read("verify") : undefined };
  }

  async #refused({ status, fields, body }: HttpResponse, what: string): Promise<UpstreamRefused> {
    const text = await beginningOf(body, MAX_REFUSAL_BYTES).catch(() => "");
    body.destroy();
    const words = wordsOf(text, fields);
    return new UpstreamRefused(
      `${this.#host} answers ${status} to LFS (${what})${words === "" ? "" : `: ${words}`}.`,
    );
  }
}

/** As git-lfs does: who says nothing of authorization is shown what the API was, where it is at the same place. */
function withOwn(action: Action, api: Action): Action {
  const { origin, fields } = action;
  const same = origin.host === api.origin.host && origin.port === api.origin.port;
  const named = fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === "authorization");
  return named || !same ? action : { ...action, fields: [...fields, ...authorizationOf(api.fields)] };
}

function authorizationOf(fields: HeaderList): HeaderList {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "authorization");
  return at < 0 ? [] : fields.slice(at, at + 2);
}

/** An LFS error's message, or a plain text; of a page nothing. */
function wordsOf(text: string, fields: HeaderList): string {
  try {
    const message = members(JSON.parse(text)).get("message");
    return typeof message === "string" ? printable(message, 500) : "";
  } catch {
    const plain = fields.some((value, at) => at % 2 === 1 && value.toLowerCase().startsWith("text/plain"));
    return plain ? printable(text.trim(), 500) : "";
  }
}
