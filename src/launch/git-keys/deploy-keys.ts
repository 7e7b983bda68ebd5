import * as z from "zod/mini";
import { Fault } from "../../base/fault.ts";
import { printable } from "../../base/printable.ts";
import type { Secret } from "../../base/secret.ts";
import {
  callForge,
  type ForgeAnswer,
  type ForgeNetwork,
  type ForgeRequest,
  ForgeSilent,
} from "./forge-client.ts";
import { type ForgeName, forgeDialect, keysUrl } from "./forges.ts";
import { FORGE_KEYS_LISTED } from "./limits.ts";

const PAGE = 50;

/** One repository at its forge. */
export interface ForgeRepo {
  readonly provider: ForgeName;
  readonly apiUrl: string;
  /** the upstream's, as in `/team/widgets.git` */
  readonly path: string;
  readonly token: Secret;
}

export interface PublicKey {
  readonly title: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
}

/** A forge did not do what it was asked for. */
export class ForgeFault extends Fault {
  /** a key that it was asked for may be there: `refused`, it said no; `unknown`, it said nothing that could be read */
  readonly outcome: "never asked" | "refused" | "unknown";
  readonly status: number | undefined;

  constructor(
    message: string,
    about: { outcome: ForgeFault["outcome"]; status?: number; mend?: string | undefined },
  ) {
    super(message, about.mend === undefined ? {} : { mend: about.mend });
    this.name = "ForgeFault";
    this.outcome = about.outcome;
    this.status = about.status;
  }
}

/** Answers hold more than this; what else they say is not looked at. */
const ENTRY = z.object({
  id: z.int().check(z.positive()),
  title: z.optional(z.string()),
  key: z.optional(z.string()),
  read_only: z.optional(z.boolean()),
  can_push: z.optional(z.boolean()),
});
const PAGE_OF_ENTRIES = z.array(ENTRY);

/** The deploy keys of one repository. Every method throws ForgeFault. */
export interface DeployKeys {
  /** Adds a key that may push; answers its number. */
  add(key: PublicKey): Promise<number>;
  /** Deletes the key of that number. One that isn't there is deleted (SPEC §5). */
  remove(id: number): Promise<void>;
  /** Deletes the key wherever it is listed; answers how often it was. */
  removeListed(key: PublicKey): Promise<number>;
}

/** Throws `Fault` (exit 2) when the repository's path or the API's address can't be one of that forge. */
export function deployKeys(network: ForgeNetwork, repo: ForgeRepo): DeployKeys {
  const { provider, apiUrl, path, token } = repo;
  const dialect = forgeDialect(provider);
  const keys = keysUrl(provider, apiUrl, path);

  async function call(
    method: ForgeRequest["method"],
    url: URL,
    accept: readonly number[],
    body?: ForgeRequest["body"],
  ): Promise<ForgeAnswer> {
    let answer: ForgeAnswer;
    try {
      const headers = dialect.headers(token.reveal());
      answer = await callForge(network, { method, url, headers, ...(body !== undefined && { body }) });
    } catch (error) {
      if (error instanceof ForgeSilent) throw silence(error, url);
      throw error;
    }
    if (accept.includes(answer.status)) return answer;
    throw refusal(answer, `${method} ${url.href}`, repo);
  }

  const one = (id: number) => new URL(`${keys.href}/${id}`);

  async function remove(id: number): Promise<void> {
    await call("DELETE", one(id), [200, 202, 204, 404]);
  }

  return {
    async add({ title, publicKey }) {
      const answer = await call("POST", keys, [200, 201], { title, key: publicKey, ...dialect.mayPush });
      const entry = parsed(ENTRY, answer.body, keys);
      if (entry.key !== undefined && blobOf(entry.key) !== blobOf(publicKey))
        throw unreadable(keys, "it holds another key than the one that was sent");
      if (entry.read_only === true || entry.can_push === false)
        throw unreadable(keys, "the key it made may not push");
      return entry.id;
    },
    remove,
    async removeListed(key) {
      const found = new Set<number>();
      const seen = new Set<number>();
      for (let page = 1; ; page += 1) {
        const url = new URL(`${keys.href}?${dialect.pageSize}=${PAGE}&page=${page}`);
        const entries = parsed(PAGE_OF_ENTRIES, (await call("GET", url, [200])).body, url);
        const known = seen.size;
        for (const entry of entries) {
          seen.add(entry.id);
          if (isThat(entry, key)) found.add(entry.id);
        }
        // an empty page ends the list; so does one that says nothing new, of a forge that knows no pages
        if (seen.size === known) break;
        if (seen.size > FORGE_KEYS_LISTED) throw unreadable(url, `it lists over ${FORGE_KEYS_LISTED} keys`);
      }
      for (const id of found) await remove(id);
      return found.size;
    },
  };
}

/** The title is anyone's to choose: it only counts where the forge doesn't show the key. */
function isThat(entry: z.output<typeof ENTRY>, key: PublicKey): boolean {
  return entry.key === undefined ? entry.title === key.title : blobOf(entry.key) === blobOf(key.publicKey);
}

/** Forges drop the comment, or put another. */
function blobOf(publicKey: string): string {
  return publicKey.trim().split(/\s+/)[1] ?? "";
}

function parsed<T extends z.ZodMiniType>(schema: T, body: string, url: URL): z.output<T> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw unreadable(url, "it is no JSON");
  }
  const read = schema.safeParse(value);
  if (!read.success) throw unreadable(url, "it is not what the forge's documentation says");
  return read.data;
}

function unreadable(url: URL, why: string): ForgeFault {
  return new ForgeFault(`the answer of ${url.origin}${url.pathname} can't be used: ${why}`, {
    outcome: "unknown",
    mend: "see that api_url is the forge's address",
  });
}

function silence({ message, sent, addressRefused }: ForgeSilent, url: URL): ForgeFault {
  const port = url.port || "443";
  return new ForgeFault(message, {
    outcome: sent ? "unknown" : "never asked",
    mend: addressRefused
      ? `if it is yours, in settings.yml: upstream.resolve: {"${url.hostname}:${port}": "ADDRESS:${port}"}`
      : undefined,
  });
}

/** What a status says, as the forges document theirs. */
function refusal(answer: ForgeAnswer, asked: string, { provider, path, token }: ForgeRepo): ForgeFault {
  const { status } = answer;
  const { permission } = forgeDialect(provider);
  const said = messageOf(answer.body, token);
  const fault = (what: string, mend?: string) =>
    new ForgeFault(`${asked}: ${status}, ${what}${said}`, {
      outcome: status >= 300 && status < 500 ? "refused" : "unknown",
      status,
      mend,
    });
  const needed = `a token that may do this: ${permission}`;
  if (status >= 300 && status < 400) return fault("it points elsewhere", redirectMend(answer.location));
  switch (status) {
    case 401:
      return fault(`the token ${token.name} is not accepted`, `give ${token.name} ${needed}`);
    case 403:
      return fault(`the token ${token.name} may not do that`, `give ${token.name} ${needed}`);
    case 404:
      return fault(
        `there is no repository ${printable(path)}, or the token ${token.name} can't see it`,
        `see that url and api_url are right, and give ${token.name} ${needed}`,
      );
    case 400:
    case 409:
    case 422:
      return fault("it refuses the key", "see that the repository allows deploy keys that may push");
    case 429:
      return fault("it was asked too often", "wait, and try again");
    default:
      return fault(status >= 500 ? "it failed" : "which is none of its documented answers", "try again");
  }
}

function redirectMend(location: string | undefined): string {
  const target = location !== undefined && URL.canParse(location) ? new URL(location) : undefined;
  return target === undefined
    ? "write the repository's present address as url and the forge's as api_url"
    : `write the present address as url and api_url; it points to ${printable(target.origin + target.pathname)}`;
}

/** The forge's own words, which may repeat what it was sent. */
function messageOf(body: string, token: Secret): string {
  let said: unknown = body;
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) {
      const { message, error } = value as { message?: unknown; error?: unknown };
      said = message ?? error ?? value;
    }
  } catch {
    // a proxy's page, perhaps
  }
  const text = typeof said === "string" ? said : JSON.stringify(said);
  const written = JSON.stringify(token.reveal()).slice(1, -1);
  const masked = [token.reveal(), written].reduce(
    (rest, value) => rest.replaceAll(value, String(token)),
    text,
  );
  const shown = printable(masked, 200).trim();
  return shown === "" ? "" : ` (${shown})`;
}
