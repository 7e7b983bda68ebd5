// A program on the bottle's terminal, or one that `exec` starts there: what Ctrl-C and a new size do to it.
// Argument: {folder, exec}. Prints {code, interrupted, size, leader}.
import { once } from "node:events";
import type { AgentProcess } from "../../../src/backends/backend.ts";
import { agentSpec, backend, makeBottle } from "./make.ts";

const { folder, exec }: { folder: string; exec: boolean } = JSON.parse(process.argv[2] ?? "");
const { place } = await makeBottle(folder, {});
const terminal = { columns: 90, rows: 30, name: "xterm-256color" };
const spec = agentSpec(
  [
    "bash",
    "-c",
    `trap 'echo "[winch $(stty size)]"' WINCH; trap 'echo [int]; exit 42' INT
     echo "[ready $(stty size) $(ps -o sid= -o pgid= -o tpgid= -p $$ | xargs)]"
     while :; do sleep 1 & wait $!; done`,
  ],
  { terminal },
);

let printed = "";
async function until(agent: AgentProcess, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(printed);
    if (found !== null) return found;
    await once(agent.stdout, "data");
  }
}

try {
  const first = await place.startAgent(exec ? agentSpec(["sleep", "60"]) : spec);
  const agent = exec ? await backend.exec(place.record(), spec) : first;
  agent.stdout.on("data", (chunk) => {
    printed += String(chunk);
  });
  const [, ready] = await until(agent, /\[ready ([^\]]*)\]/);
  agent.resize(100, 40);
  const [, size] = await until(agent, /\[winch ([^\]]*)\]/);
  agent.stdin.write("\x03");
  await until(agent, /\[int\]/);
  const { code } = await agent.exited;
  process.stdout.write(JSON.stringify({ ready, size, code }));
} finally {
  await place.close();
}
