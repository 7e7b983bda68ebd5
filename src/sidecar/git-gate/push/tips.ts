import { printable } from "../../../base/printable.ts";
import { isZero } from "../../../policy/git/check-updates.ts";
import type { RefUpdate } from "../../../policy/git/push-rules.ts";
import type { Mirror } from "../mirror/mirror.ts";
import type { ObjectGraph } from "./graph.ts";

/** A push of what is no object, or of one that can't be where it is pushed to. The message is a sentence. */
export class InvalidObject extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvalidObject";
  }
}

/**
 * What refs shall be is in the push or at the upstream already, and a branch is a commit (git's refs.c, too late for a
 * gate). Throws `InvalidObject`.
 */
export async function checkTips(
  updates: readonly RefUpdate[],
  graph: ObjectGraph,
  mirror: Pick<Mirror, "types">,
): Promise<void> {
  const tips = updates.filter((update) => !isZero(update.new));
  const elsewhere = tips.map((update) => update.new).filter((id) => graph.typeOf(id) === undefined);
  const known = await mirror.types([...new Set(elsewhere)]);
  for (const { ref, new: id } of tips) {
    const type = graph.typeOf(id) ?? known.get(id);
    if (type === undefined)
      throw new InvalidObject(
        `${printable(ref, 300)} would be ${id}, which is neither in the push nor upstream.`,
      );
    if (ref.startsWith("refs/heads/") && type !== "commit")
      throw new InvalidObject(`${printable(ref, 300)} is a branch and would be a ${type}.`);
  }
}
