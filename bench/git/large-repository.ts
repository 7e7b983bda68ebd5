import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** Bytes of each file. */
export const FILE_BYTES = 10 * 1024;
const FILES_A_FOLDER = 100;
/** Files are put together of slices of one text, which is cheap to make and packs as text does. */
const POOL_BYTES = 8 * 1024 ** 2;
const SLICE_BYTES = 256;

/** Makes a bare repository with one commit of so many files of text on `main`, none like another, the same in every run. */
export async function makeLargeRepository(folder: string, files: number): Promise<void> {
  const made = spawnSync("git", ["init", "-q", "--bare", "-b", "main", folder]);
  if (made.status !== 0) throw new Error(`git init: ${String(made.stderr)}`);
  const importing = spawn(
    "git",
    ["-C", folder, "-c", "pack.compression=1", "-c", "core.compression=1", "fast-import", "--quiet"],
    { stdio: ["pipe", "ignore", "inherit"] },
  );
  const closed = new Promise((resolve) => importing.once("close", resolve));
  const random = generator();
  const pool = words(random);
  const write = async (bytes: Buffer | string) => {
    if (!importing.stdin.write(bytes)) await once(importing.stdin, "drain");
  };
  for (let file = 0; file < files; file += 1) {
    const parts: Buffer[] = [Buffer.from(`blob\nmark :${file + 1}\ndata ${FILE_BYTES}\n`)];
    for (let filled = 0; filled < FILE_BYTES; filled += SLICE_BYTES) {
      const at = random() % (POOL_BYTES - SLICE_BYTES);
      parts.push(pool.subarray(at, at + SLICE_BYTES));
    }
    parts.push(Buffer.from("\n"));
    await write(Buffer.concat(parts));
  }
  await write(
    "commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 5\nlarge\n",
  );
  for (let file = 0; file < files; file += 1)
    await write(`M 100644 :${file + 1} d${Math.floor(file / FILES_A_FOLDER)}/f${file}.txt\n`);
  importing.stdin.end("done\n");
  const code = await closed;
  if (code !== 0) throw new Error(`git fast-import ended with ${String(code)}`);
}

/** xorshift32 */
function generator(): () => number {
  let state = 20_261_124;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Lines of lower-case words, some of which look like code. */
function words(random: () => number): Buffer {
  const letters = "etaoinshrdlucmfwygpbvk";
  const pool = Buffer.alloc(POOL_BYTES, " ");
  for (let at = 0, column = 0; at < POOL_BYTES; ) {
    const length = 2 + (random() % 9);
    for (let end = Math.min(at + length, POOL_BYTES); at < end; at += 1)
      pool[at] = letters.charCodeAt(Math.floor((random() % 484) / 22) % 22);
    column += length + 1;
    if (at < POOL_BYTES) pool[at] = column > 70 ? 10 : random() % 12 === 0 ? 61 : 32;
    if (column > 70) column = 0;
    at += 1;
  }
  return pool;
}
