import { randomBytes } from "node:crypto";
import { plainText } from "../../../policy/refusal.ts";
import type { Refusal } from "../../../policy/verdict.ts";
import type { GateAnswer } from "./gate-exchange.ts";

/** As gitprotocol-http says: an advertisement of one moment is never another's. */
export const NO_CACHE = ["cache-control", "no-cache, max-age=0, must-revalidate"] as const;

/** A refusal as git prints it: its `remote:` lines are a plain text. `status`: 403, or what the refusal's code has. */
export function refusalAnswer(refusal: Refusal): GateAnswer & { readonly id: string } {
  const id = randomBytes(6).toString("hex");
  const { status, headers, body } = plainText(refusal, { id });
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    name === "content-length" ? [] : [name, value],
  );
  return { status, fields, body, id };
}
