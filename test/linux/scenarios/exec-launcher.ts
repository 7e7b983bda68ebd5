// A second process that runs `exec` in another's bottle. Argument: {record}. Prints "running" and waits.
import { agentSpec, backend } from "./make.ts";

const { record } = JSON.parse(process.argv[2] ?? "");
const inside = await backend.exec(record, agentSpec(["sh", "-c", "echo running; exec sleep 1234"]));
inside.stdout.on("data", (chunk) => process.stdout.write(String(chunk)));
await inside.exited;
