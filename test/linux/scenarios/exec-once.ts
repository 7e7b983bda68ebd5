// Tries `exec` with a record. Argument: {record}. Prints what came of it.
import { agentSpec, backend, collect } from "./make.ts";

const { record } = JSON.parse(process.argv[2] ?? "");
try {
  const ended = await collect(await backend.exec(record, agentSpec(["echo", "entered"])));
  process.stdout.write(JSON.stringify(ended));
} catch (error) {
  process.stdout.write(JSON.stringify({ refused: error instanceof Error ? error.message : String(error) }));
}
