// One run of the set-up at a time in a checkout.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Longer than any set-up takes: a lock still held then is a bug worth seeing. */
const WAIT_MS = 20 * 60 * 1000;
const POLL_MS = 200;

/** Runs `act` while holding the folder `path` as a lock, which a process that died does not keep. */
export async function withLock(path, act) {
  const until = Date.now() + WAIT_MS;
  let told = false;
  while (!take(path)) {
    const holder = holderOf(path);
    if (holder !== undefined && !isAlive(holder)) {
      rmSync(path, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > until)
      throw new Error(`${path} is held by process ${holder ?? "unknown"}; remove it if that is wrong`);
    if (!told) console.error(`Waiting for another set-up of this checkout (process ${holder ?? "unknown"}).`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await act();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

function take(path) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(path, "pid"), String(process.pid));
  return true;
}

/** undefined in the instant between making the folder and writing its file. */
function holderOf(path) {
  try {
    return Number(readFileSync(join(path, "pid"), "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
