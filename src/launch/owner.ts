import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { Fault, usageFault } from "../base/fault.ts";
import { BOTTLE_UIDS, FIRST_BOTTLE_UID } from "./limits.ts";

/** The kernel uid and gid all of a bottle's processes run as; never 0. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Uids that run a process now. */
export function uidsInUse(): Set<number> {
  const uids = new Set<number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      uids.add(statSync(`/proc/${name}`).uid);
    } catch {
      // it ended meanwhile
    }
  }
  return uids;
}

function idOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

/** Fields of the account of that uid in /etc/passwd, passwd(5). */
function account(uid: number): readonly string[] | undefined {
  if (!existsSync("/etc/passwd")) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  return lines.map((line) => line.split(":")).find((fields) => fields[2] === String(uid));
}

/** The account's home folder, which HOME need not name: sudo and containers set it as they like. */
export function homeFolder(uid: number): string | undefined {
  const folder = account(uid)?.[5];
  return folder?.startsWith("/") === true && folder !== "/" ? folder : undefined;
}

/**
 * Who the bottle runs as (DESIGN §5). An ordinary user: themselves. Root: the user behind sudo, else the owner of the
 * workspace, else a uid that no account, no kept bottle and no running process has.
 */
export function chooseOwner(host: {
  readonly uid: number;
  readonly gid: number;
  readonly sudoUid: string | undefined;
  readonly sudoGid: string | undefined;
  readonly workspace: string | undefined;
  /** uids of bottles that are kept: theirs until their state goes */
  readonly reserved?: ReadonlySet<number>;
}): Owner {
  if (host.uid !== 0) {
    if (host.gid === 0)
      throw usageFault("a bottle can't run with group 0", "run it with a group of your own");
    return { uid: host.uid, gid: host.gid };
  }
  const sudoUid = idOf(host.sudoUid);
  if (sudoUid !== undefined) return { uid: sudoUid, gid: idOf(host.sudoGid) ?? sudoUid };
  if (host.workspace !== undefined && existsSync(host.workspace)) {
    const { uid, gid } = statSync(host.workspace);
    if (uid !== 0) return { uid, gid: gid === 0 ? uid : gid };
  }
  const taken = uidsInUse();
  // an account of that uid would share its files with the bottle
  for (let i = 0; i < BOTTLE_UIDS; i += 1) {
    const uid = FIRST_BOTTLE_UID + i;
    if (!taken.has(uid) && !host.reserved?.has(uid) && !account(uid)) return { uid, gid: uid };
  }
  throw new Fault(`all ${BOTTLE_UIDS} uids for bottles started by root are in use`, {
    mend: "end some with `bot-bottle stop ID`",
  });
}
