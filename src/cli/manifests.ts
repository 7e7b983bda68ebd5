import { usageFault } from "../base/fault.ts";
import { printable } from "../base/printable.ts";
import type { OperatorIo } from "../launch/request.ts";
import { loadManifests, type Manifests } from "../manifest/load.ts";
import { closest } from "../manifest/suggest.ts";
import { operatorHome } from "./home.ts";

/** The operator's manifests and those of the current folder. Nothing is read yet. */
export function openManifests(io: OperatorIo): Manifests {
  return loadManifests({ home: operatorHome(io.env), cwd: io.cwd, uid: process.getuid?.() ?? 0 });
}

/** An agent of that name, else a bottle. Throws `Fault` (exit 2) when there is neither. */
export function kindOfManifest(manifests: Manifests, name: string): "agent" | "bottle" {
  const agents = manifests.listAgents().map((entry) => entry.name);
  if (agents.includes(name)) return "agent";
  const bottles = manifests.listBottles().map((entry) => entry.name);
  if (bottles.includes(name)) return "bottle";
  const meant = closest(name, [...agents, ...bottles]);
  const known = [...agents.map((entry) => `agent ${entry}`), ...bottles.map((entry) => `bottle ${entry}`)];
  throw usageFault(
    `there is no agent or bottle ${printable(name)}${meant === undefined ? "" : `; did you mean ${meant}?`}`,
    known.length === 0 ? "write one in ~/.bot-bottle/bottles/NAME.md" : `there are: ${known.join(", ")}`,
  );
}
