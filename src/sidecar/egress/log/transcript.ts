import type { Detectors } from "../../../dlp/scanner.ts";
import type { RequestEvent } from "../../../journal/record.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { EgressPolicy } from "../../../policy/routes.ts";
import { isKeyField } from "../credential/names.ts";
import { withoutCredentials } from "../credential/subprotocols.ts";
import { LOG_BROUGHT_COUNT, LOG_SECRET_CHARS } from "../limits.ts";
import { Capture } from "./capture.ts";
import type { Needle, Sought } from "./mask.ts";
import { recordedMessage } from "./message.ts";

const NONE: ReadonlySet<string> = new Set();
const REMOVED = "[removed]";

/** What an exchange knows of the credentials in it. */
export interface Involved {
  /** as `TakenOff.removed` */
  readonly removed: readonly string[];
  /** name and spellings of the credential that was put on */
  readonly injected: string | undefined;
  readonly forms: readonly string[];
  readonly policy: EgressPolicy;
}

/** Both messages of one exchange, for the journal of `egress.log: 2`. */
export class Transcript {
  readonly request: Capture;
  /** undefined: nothing was answered */
  response: Capture | undefined;
  readonly #known: readonly Needle[];
  readonly #detectors: Detectors;

  /** `fields`: as the agent sent them. `known`: the vault's secrets, `detectors`: these and the bottle's in other spellings. */
  constructor(fields: HeaderList, known: readonly Needle[], detectors: Detectors) {
    this.request = new Capture(fields);
    this.#known = known;
    this.#detectors = detectors;
  }

  respond(fields: HeaderList): void {
    this.response = new Capture(fields);
  }

  /** What may be journalled. The credential put on is in none of the fields; were it anywhere else, it is masked. */
  masked({ removed, injected, forms, policy }: Involved): Pick<RequestEvent, "request" | "response"> {
    const { request, response } = this;
    const credentialFields = credentialFieldsOf(policy);
    const brought = new Set<string>();
    const takenOff = new Set(removed);
    const hide = (lowerName: string, value: string): string => {
      if (isKeyField(lowerName) || credentialFields.has(lowerName)) {
        for (const token of tokensOf(value)) brought.add(token);
        return REMOVED;
      }
      if (lowerName === "sec-websocket-protocol") return withoutCredentials(value, NONE, new Set());
      return lowerName === "cookie" ? hideCookies(value, takenOff, brought) : value;
    };
    // The values are gathered first: what one field brought may stand in another, or in a body.
    for (const fields of [request.fields, request.trailers])
      for (let i = 0; i < fields.length; i += 2) hide((fields[i] ?? "").toLowerCase(), fields[i + 1] ?? "");
    const needles = [
      ...this.#known,
      ...forms.map((form) => needle(form, `[masked ${injected}]`)),
      ...[...brought]
        .filter((token) => token.length >= LOG_SECRET_CHARS)
        .slice(0, LOG_BROUGHT_COUNT)
        .map((token) => needle(token, REMOVED)),
    ];
    const asIs = (_: string, value: string): string => value;
    const sought: Sought = { needles, detectors: this.#detectors };
    return {
      request: recordedMessage(request, sought, hide),
      ...(response === undefined ? {} : { response: recordedMessage(response, sought, asIs) }),
    };
  }
}

function needle(latin1: string, label: string): Needle {
  return { bytes: Buffer.from(latin1, "latin1"), label };
}

/** `Bearer x`, `token x`, `x`: the whole value, the last word, and of Basic (RFC 7617) what it says in base64. */
function tokensOf(value: string): readonly string[] {
  const word = value.slice(value.lastIndexOf(" ") + 1);
  if (!/^basic /i.test(value)) return [value, word];
  const decoded = Buffer.from(word, "base64").toString("latin1");
  return [value, word, decoded, decoded.slice(decoded.indexOf(":") + 1)];
}

/** The pairs that were taken off, without their values. */
function hideCookies(value: string, removed: ReadonlySet<string>, brought: Set<string>): string {
  return value
    .split(";")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const name = pair.slice(0, equals);
      if (equals < 0 || !removed.has(`cookie ${name.trim()}`)) return pair;
      brought.add(pair.slice(equals + 1).trim());
      return `${name}=${REMOVED}`;
    })
    .join(";");
}

const known = new WeakMap<EgressPolicy, ReadonlySet<string>>();

/** Lower-case names of the fields that routes put a credential into. */
function credentialFieldsOf(policy: EgressPolicy): ReadonlySet<string> {
  let names = known.get(policy);
  if (!names) {
    const routes = [...policy.exact.values(), ...policy.wildcard.values()];
    names = new Set(routes.flatMap(({ spec }) => spec.auth?.header ?? []));
    known.set(policy, names);
  }
  return names;
}
