import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const isRoot = process.getuid?.() === 0;

/**
 * argv for `HomeOptions.enter`: a mount namespace of its own in which `script` (sh) has run, e.g. to hide a program or
 * to make a folder small. The machine's own mounts do not change. `"$@"` at its end is the program under test.
 */
export function privateMounts(script: string): readonly string[] {
  const run = ["sh", "-euc", script, "sh"];
  if (isRoot) return ["unshare", "--mount", "--propagation", "private", "--", ...run];
  // root of a user namespace mounts, and becomes the ordinary user again in one more
  const self = [`--map-user=${process.getuid?.()}`, `--map-group=${process.getgid?.()}`];
  // a copy: the script may hide the program
  const folder = mkdtempSync(join(tmpdir(), "bot-bottle-unshare-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const unshare = join(folder, "unshare");
  copyFileSync("/usr/bin/unshare", unshare);
  const back = [unshare, "-U", ...self, "--"];
  return ["unshare", "-Urm", "--propagation", "private", "--", ...run, ...back];
}

/** Makes every copy of a system program disappear, links to it included. */
export function hideProgram(name: string): string {
  const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/current-system/sw/bin"];
  const files = folders.map((folder) => `${folder}/${name}`).join(" ");
  // a file without the x bit, or a link to one, is no program
  return `f=$(mktemp); chmod 0644 "$f"; for p in ${files}; do [ ! -x "$p" ] || mount --bind "$f" "$p"; done; rm "$f"`;
}

/**
 * Puts BOT_BOTTLE_HOME on a disk of its own of `size` (as for tmpfs: 1m), runs the program, and keeps what the disk
 * held at its end in the folder `after` beside the home.
 */
export function smallHome(size: string): string {
  return `
    h="$BOT_BOTTLE_HOME"; cp -a "$h" "$h/../before"
    mount -t tmpfs -o "size=${size},mode=0700" small "$h"
    chown --reference="$h/../before" "$h"; cp -a "$h/../before/." "$h"
    code=0; "$@" || code=$?
    cp -a "$h" "$h/../after"; exit $code`;
}
