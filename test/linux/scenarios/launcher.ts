// A launcher that is killed. Argument: {folder, phase, terminal}. Prints its PlaceRecord (or {net, holder}) and waits.
import type { AgentSpec } from "../../../src/backends/backend.ts";
import { agentSpec, backend, makeBottle } from "./make.ts";

const { folder, phase, terminal }: { folder: string; phase: string; terminal: boolean } = JSON.parse(
  process.argv[2] ?? "",
);
const pty: Partial<AgentSpec> = terminal ? { terminal: { columns: 80, rows: 24, name: "xterm" } } : {};
const stubborn = [
  "sh",
  "-c",
  "trap '' HUP TERM INT; setsid sleep 1000 & (sleep 1000 &) ; while :; do sleep 1; done",
];

const { place } = await makeBottle(folder, {});
if (phase === "open") {
  process.stdout.write("{}\n");
} else {
  const agent = await place.startAgent(agentSpec(stubborn, pty));
  agent.stdout.resume();
  agent.stderr?.resume();
  if (phase === "exec") {
    const inside = await backend.exec(place.record(), agentSpec(stubborn, pty));
    inside.stdout.resume();
    inside.stderr?.resume();
  }
  process.stdout.write(`${JSON.stringify(place.record())}\n`);
}
setInterval(() => undefined, 1000);
