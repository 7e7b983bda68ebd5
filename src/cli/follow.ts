import { open } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as pause } from "node:timers/promises";
import { FOLLOW_INTERVAL, MAX_LOG_LINE } from "./limits.ts";

/**
 * The lines of a file that may still grow, without their line feeds; a line longer than `MAX_LOG_LINE` comes in pieces.
 * `growing` is asked when the end is reached: false ends the reading after one last look, so that nothing written
 * between the look and the answer is lost.
 */
export async function* fileLines(path: string, growing: () => Promise<boolean>): AsyncGenerator<string> {
  const file = await open(path, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const buffer = Buffer.allocUnsafe(MAX_LOG_LINE);
    let held = "";
    let last = false;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) {
        if (last) break;
        last = !(await growing());
        if (!last) await pause(FOLLOW_INTERVAL);
        continue;
      }
      const lines = (held + decoder.write(buffer.subarray(0, bytesRead))).split("\n");
      held = lines.pop() ?? "";
      yield* lines;
      if (held.length > MAX_LOG_LINE) {
        yield held;
        held = "";
      }
    }
    held += decoder.end();
    if (held !== "") yield held;
  } finally {
    await file.close();
  }
}
