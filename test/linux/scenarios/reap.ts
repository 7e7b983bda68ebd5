// Reaps a record, twice. Argument: {record}.
import { backend } from "./make.ts";

const { record } = JSON.parse(process.argv[2] ?? "");
await backend.reap(record);
await backend.reap(record);
process.stdout.write("{}");
