import type { Readable } from "node:stream";
import { printable } from "../../../base/printable.ts";
import type { Secret } from "../../../base/secret.ts";
import type { GitUpstream } from "../../../manifest/definitions/git-gate.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import { fieldValue } from "../../../policy/headers.ts";
import type { Origin } from "../../egress/upstream.ts";
import { MAX_REDIRECTS, MAX_REFUSAL_BYTES, WHOLE_BODY_BYTES } from "../limits.ts";
import type { SshService } from "../programs.ts";
import { lineOf, PacketReader, WireError } from "../wire/pkt-line.ts";
import { type Connect, type Conversation, UpstreamRefused } from "./conversation.ts";
import { beginningOf, type HttpClient, type HttpResponse, type StreamedBody } from "./http-client.ts";

type Service = Extract<SshService, "git-upload-pack" | "git-receive-pack">;

/**
 * The field that carries the token. Basic with the token as its password is what git itself sends, and what forges take
 * tokens as: GitHub wants the name `x-access-token` with an app's token and looks at none with a person's, GitLab takes
 * any name that isn't empty, Gitea any with a token as password. The one place where git's token leaves its `Secret`.
 */
export function authorization(token: Secret): HeaderList {
  return ["authorization", `Basic ${Buffer.from(`x-access-token:${token.reveal()}`).toString("base64")}`];
}

/** Git's smart HTTP (gitprotocol-http) in protocol version 0, to one upstream. */
export function connectHttp(client: HttpClient, upstream: GitUpstream, token: Secret): Connect {
  const origin: Origin = { scheme: "https", host: upstream.host, port: upstream.port, declared: true };
  return async (service): Promise<Conversation> => {
    const { path, body } = await advertise(client, origin, upstream.path, token, service);
    const advertisement = new PacketReader(body as AsyncIterable<Buffer>);
    await readService(advertisement, service, origin.host);
    const given = new AbortController();
    return {
      advertisement,
      async ask(request) {
        void drain(advertisement, body);
        const sent = await wholeOr(request);
        const response = await client.request({
          origin,
          method: "POST",
          target: `${path}/${service}`,
          fields: [
            ...[
              "content-type",
              `application/x-${service}-request`,
              "accept",
              `application/x-${service}-result`,
            ],
            ...authorization(token),
          ],
          body: sent,
          // A push is never sent twice: the first may have been taken.
          repeatable: service === "git-upload-pack" && Buffer.isBuffer(sent),
          signal: given.signal,
        });
        await checked(response, `application/x-${service}-result`, origin.host);
        given.signal.addEventListener("abort", () => response.body.destroy());
        return new PacketReader(response.body as AsyncIterable<Buffer>);
      },
      reason: () => Promise.resolve(""),
      close() {
        given.abort(new UpstreamRefused("Nobody waits for the answer any more."));
        void drain(advertisement, body);
      },
    };
  };
}

/**
 * Asks for the refs. A redirect within the same origin is followed, this one request's only, as git does by default
 * (http.followRedirects=initial): forges answer so for a repository that was renamed, or named without its `.git`. The
 * token never goes to another host.
 */
async function advertise(
  client: HttpClient,
  origin: Origin,
  path: string,
  token: Secret,
  service: Service,
): Promise<{ readonly path: string; readonly body: Readable }> {
  let at = path;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const target = `${at}/info/refs?service=${service}`;
    const fields = ["accept", "*/*", ...authorization(token)];
    const response = await client.request({ origin, method: "GET", target, fields, repeatable: true });
    if (![301, 302, 303, 307, 308].includes(response.status)) {
      await checked(response, `application/x-${service}-advertisement`, origin.host);
      return { path: at, body: response.body };
    }
    response.body.destroy();
    at = redirected(origin, target, fieldValue(response.fields, "location") ?? "");
  }
  throw new UpstreamRefused(`${origin.host} redirects more than ${MAX_REDIRECTS} times.`);
}

/** The repository's path where a redirect says it is. */
function redirected(origin: Origin, target: string, location: string): string {
  const base = new URL(`https://${origin.host}:${origin.port}${target}`);
  const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined;
  if (url?.origin !== base.origin || url.username !== "" || !url.pathname.endsWith("/info/refs"))
    throw new UpstreamRefused(
      `${origin.host} redirects to ${printable(location, 300)}: write the repository's own URL into the entry.`,
    );
  return url.pathname.slice(0, -"/info/refs".length);
}

/** Throws `UpstreamRefused` unless it is a success of this type. */
async function checked({ status, fields, body }: HttpResponse, type: string, host: string): Promise<void> {
  const [said = ""] = (fieldValue(fields, "content-type") ?? "").split(";");
  if (status === 200 && said.trim().toLowerCase() === type) return;
  const plain = said.trim().toLowerCase() === "text/plain";
  const text = plain ? printable((await beginningOf(body, MAX_REFUSAL_BYTES)).trim(), MAX_REFUSAL_BYTES) : "";
  body.destroy();
  const words = text === "" ? "" : `: ${text}`;
  throw new UpstreamRefused(`${host} ${meaning(status, said)}${words}${/[.!?]$/.test(words) ? "" : "."}`);
}

function meaning(status: number, type: string): string {
  if (status === 401) return "does not take the gate's token (401)";
  if (status === 403) return "does not let the gate's token do this (403)";
  if (status === 404) return "has no such repository, or none for the gate's token (404)";
  if (status !== 200) return `answers ${status}`;
  return `answers with ${printable(type, 100) || "no type"}, which is no answer of git's`;
}

async function readService(reader: PacketReader, service: Service, host: string): Promise<void> {
  try {
    const named = await reader.next();
    if (
      Buffer.isBuffer(named) &&
      lineOf(named) === `# service=${service}` &&
      (await reader.next()) === "flush"
    )
      return;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  throw new UpstreamRefused(`${host} does not speak git's smart protocol.`);
}

/** Reads what little may follow the refs, so that the connection can be used again. */
async function drain(reader: PacketReader, body: Readable): Promise<void> {
  try {
    for await (const bytes of reader.rest()) if (bytes.length > 0) break;
  } catch {
    // Nothing in it is wanted.
  }
  body.destroy();
}

/** What is short is sent as a whole, with its length: not every server takes another, and it can be sent again. */
async function wholeOr(request: AsyncIterable<Buffer>): Promise<Buffer | StreamedBody> {
  const source = request[Symbol.asyncIterator]();
  const begun: Buffer[] = [];
  let length = 0;
  while (length <= WHOLE_BODY_BYTES) {
    const next: IteratorResult<Buffer, unknown> = await source.next();
    if (next.done === true) return Buffer.concat(begun);
    begun.push(next.value);
    length += next.value.length;
  }
  const rest = { [Symbol.asyncIterator]: () => source };
  return {
    length: undefined,
    source: (async function* () {
      yield* begun;
      yield* rest;
    })(),
  };
}
