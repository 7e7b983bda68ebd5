import type { Secret } from "../../base/secret.ts";

/** A secret that is searched for in what leaves the bottle. */
export interface KnownSecret {
  /** the name that findings and labels carry; printable */
  readonly name: string;
  readonly value: Secret;
  /** `bottle`: in the bottle's environment; `brokered`: the sidecar's own; the last two are always searched for */
  readonly kind: "bottle" | "brokered" | "canary";
}
