import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { BottleHome, CallOptions, Result } from "../support/bottle.ts";
import { family, type Process, survivors } from "../support/processes.ts";

/** What lies in the operator's folders beside manifests and journals: state, control sockets, temporary files. */
export function left(home: BottleHome): string[] {
  return ["home/state", "home/run", "home/cache", "tmp", "user"].flatMap((folder) =>
    paths(join(home.folder, folder)).map((path) => `${folder}/${path}`),
  );
}

function paths(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  } catch {
    return [];
  }
}

export interface Watched extends Result {
  /** processes that came to be under the program and outlived it */
  readonly survivors: readonly Process[];
}

/** The program to its end, with every process under it watched, and TMPDIR a folder of its own. */
export async function watched(
  home: BottleHome,
  args: readonly string[],
  options: CallOptions = {},
): Promise<Watched> {
  const call = home.begin(args, { ...options, env: { TMPDIR: join(home.folder, "tmp"), ...options.env } });
  const seen = new Map<string, Process>();
  const look = () => {
    for (const one of family(call.pid)) seen.set(`${one.pid} ${one.started}`, one);
  };
  look();
  const timer = setInterval(look, 60);
  try {
    const result = await call.exited;
    return { ...result, survivors: await survivors([...seen.values()]) };
  } finally {
    clearInterval(timer);
  }
}

export interface Refusal {
  readonly code: number;
  /** what must be said: what is wrong and what mends it */
  readonly says: readonly RegExp[];
}

/** One message of ours, no trace of a crash, nothing on stdout, and nothing left of the attempt. */
export function expectRefused(home: BottleHome, result: Result | Watched, { code, says }: Refusal): void {
  for (const said of says) expect(result.stderr).toMatch(said);
  expect(result.stderr).not.toMatch(/internal error|^ {4}at |\bundefined\b|\[object/m);
  expect(result.stderr.match(/^(bot-bottle|error): ?/gm)).toHaveLength(1);
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
  if ("survivors" in result) expect(result.survivors).toEqual([]);
  expect(left(home)).toEqual([]);
}
