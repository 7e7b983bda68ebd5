import { printable } from "../../../base/printable.ts";
import type { HeaderList } from "../../../policy/facts.ts";
import type { CompiledRoute } from "../../../policy/routes.ts";
import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { Credential } from "./credential.ts";
import { FieldJudge } from "./field-judge.ts";
import { isKeyField } from "./names.ts";

/** A request to a host that gets the sidecar's credential: what of the agent's own may not come behind its head. */
export interface Brokered {
  readonly credential: Credential;
  readonly host: string;
  /** its query makes it a token request */
  readonly grant: boolean;
}

/** Of the fields of its body. `found`: the first credential, and each after it. */
export function bodyJudge(
  { credential, grant }: Brokered,
  route: CompiledRoute,
  found: (refusal: Refusal) => void,
): FieldJudge {
  return new FieldJudge(grant, credential.allowed, (name) =>
    found(foreignRefusal(`body field ${printable(name, 64)}`, credential, route)),
  );
}

/** Of its trailers: a server may add them to the head. */
export function trailerRefusal(
  { credential }: Brokered,
  trailers: HeaderList,
  route: CompiledRoute,
): Refusal | undefined {
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]?.toLowerCase() ?? "";
    if (name === credential.header || name === "cookie" || isKeyField(name))
      return foreignRefusal(`trailer ${printable(name, 64)}`, credential, route);
  }
  return undefined;
}

function foreignRefusal(what: string, { name }: Credential, { spec, rule }: CompiledRoute): Refusal {
  const detail = `The ${what} is a credential of the agent's own; ${spec.host} gets ${name}, which the sidecar puts on.`;
  return refuse("egress.foreign_credential", detail, `${rule} auth`, {
    needed: `dlp: {allow_secrets: [NAME]}, on the route of ${spec.host}, if it is the value of a variable of the bottle`,
  });
}
