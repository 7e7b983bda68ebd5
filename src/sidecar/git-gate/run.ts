import type { GitJob, GitPrograms } from "./programs.ts";
import { feed } from "./upstream/feed.ts";

/** Runs a job to its end; what it prints is not wanted. */
export async function run(
  programs: GitPrograms,
  job: GitJob,
  input = "",
): Promise<{ readonly code: number; readonly stderr: string }> {
  const program = await programs.start(job);
  program.stdout.resume();
  void feed(bytesOf(input), program.stdin);
  return await program.exited;
}

/** Runs a job whose output is a text of at most `most` bytes; throws beyond. */
export async function collect(
  programs: GitPrograms,
  job: GitJob,
  input: string,
  most: number,
): Promise<{ readonly code: number; readonly stderr: string; readonly text: string }> {
  const program = await programs.start(job);
  void feed(bytesOf(input), program.stdin);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of program.stdout as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) {
      program.kill();
      throw new Error(`${job.op} printed more than ${most} bytes`);
    }
    parts.push(chunk);
  }
  return { ...(await program.exited), text: Buffer.concat(parts).toString("latin1") };
}

async function* bytesOf(text: string): AsyncGenerator<Buffer> {
  if (text !== "") yield Buffer.from(text, "utf8");
}
