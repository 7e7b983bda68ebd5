/** What the commands call. */
export { cleanup } from "./cleanup.ts";
export { execInBottle } from "./exec.ts";
export { listBottles } from "./list.ts";
export { resumeSession, startSession } from "./session.ts";
export { stopBottle } from "./stop.ts";
