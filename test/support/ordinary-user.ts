import { spawnSync } from "node:child_process";

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

const NAME = "bottle-test";

function lookUp(): UserIds | undefined {
  const uid = spawnSync("id", ["-u", NAME], { encoding: "utf8" });
  const gid = spawnSync("id", ["-g", NAME], { encoding: "utf8" });
  if (uid.status !== 0 || gid.status !== 0) return undefined;
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

/** The ordinary user the tests run bottles as; made when root runs them and it is missing. */
export function ordinaryUser(): UserIds {
  const found = lookUp();
  if (found !== undefined) return found;
  const made = spawnSync("useradd", ["--no-create-home", "--shell", "/bin/sh", NAME], { encoding: "utf8" });
  // two workers may make it at once: what counts is that it is there
  const after = lookUp();
  if (after === undefined) throw new Error(`useradd ${NAME}: ${made.stderr}`);
  return after;
}
