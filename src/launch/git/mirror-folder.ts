import {
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { ObjectFormat } from "../../sidecar/git-gate/programs.ts";
import type { Owner } from "../owner.ts";

/** Makes a mirror that isn't there yet. `mirror`: the folder around it; `owner`: whose the files become. */
export function ensureMirror(mirror: string, owner: Owner | undefined): void {
  if (existsSync(join(mirror, "repo", "HEAD"))) return;
  // in a folder of our own: nothing of it is anybody's before it is whole
  putMirror(mirror, dirname(mirror), "sha1", owner);
  const lock = join(mirror, "lock");
  writeFileSync(lock, "", { flag: "a", mode: 0o600 });
  if (owner) lchownSync(lock, owner.uid, owner.gid);
}

/**
 * Root's bottles run as uids of their own, and a mirror is its owner's: one that another uid's bottle left, and that no
 * process of that uid can be using, becomes this one's. `key`: the mirrors' common name, before `-UID`.
 */
export function adoptMirror(folder: string, key: string, owner: Owner, inUse: ReadonlySet<number>): void {
  const mirror = join(folder, `${key}-${owner.uid}`);
  if (existsSync(mirror)) return;
  for (const name of readdirSync(folder)) {
    const [, uid = ""] = name.startsWith(`${key}-`) ? (/-([0-9]+)$/.exec(name) ?? []) : [];
    if (uid === "" || inUse.has(Number(uid))) continue;
    try {
      // Only one of two launches gets it.
      renameSync(join(folder, name), mirror);
    } catch {
      continue;
    }
    for (const part of [".", ...readdirSync(mirror, { recursive: true, encoding: "utf8" })])
      lchownSync(join(mirror, part), owner.uid, owner.gid);
    return;
  }
}

/** Puts an empty bare repository in a mirror's place. Who reads the old one meanwhile finds it gone and fails. */
export function resetMirror(mirror: string, format: ObjectFormat): void {
  if (mirror === "") throw new Error("there is no such mirror");
  putMirror(mirror, mirror, format, undefined);
}

function putMirror(mirror: string, folder: string, format: ObjectFormat, owner: Owner | undefined): void {
  const aside = mkdtempSync(join(folder, "new-"));
  const [made, old, repo] = [join(aside, "repo"), join(aside, "old"), join(mirror, "repo")];
  makeBareRepository(made, format);
  writeFileSync(join(made, "packed-refs"), "");
  if (owner) {
    for (const name of [".", ...readdirSync(made, { recursive: true, encoding: "utf8" })])
      lchownSync(join(made, name), owner.uid, owner.gid);
  }
  if (existsSync(repo)) renameSync(repo, old);
  renameSync(made, repo);
  rmSync(aside, { recursive: true, force: true });
}

/** gitrepository-layout(5), with nothing but what git must find. */
export function makeBareRepository(repo: string, format: ObjectFormat): void {
  mkdirSync(join(repo, "objects", "pack"), { recursive: true, mode: 0o700 });
  mkdirSync(join(repo, "objects", "info"), { mode: 0o700 });
  mkdirSync(join(repo, "refs"), { mode: 0o700 });
  writeFileSync(join(repo, "HEAD"), "ref: refs/heads/main\n");
  const core =
    format === "sha1"
      ? "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
      : "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n";
  writeFileSync(join(repo, "config"), core);
}
