import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findParents, ownCgroupFacts } from "./cgroup.ts";
import { SETUP_MS } from "./limits.ts";
import { openNetwork, startHolder } from "./netns.ts";
import { readText } from "./proc.ts";
import { closeHandle } from "./raw-handle.ts";
import { findTool } from "./tools.ts";

/** What is found on a machine, before it is judged; texts as they were read, undefined where there is nothing. */
export interface MachineFacts {
  readonly uid: number;
  readonly node: string;
  readonly processor: string;
  /** of /proc/sys */
  readonly usernsClone: string | undefined;
  readonly maxUserNamespaces: string | undefined;
  readonly apparmorRestriction: string | undefined;
  /** the actions the kernel knows, of /proc/sys/kernel/seccomp/actions_avail */
  readonly seccompActions: string | undefined;
  /** what `bwrap --version` and `git --version` print */
  readonly bwrap: string | undefined;
  readonly git: string | undefined;
  /** where each program is */
  readonly tools: Readonly<
    Record<"ip" | "nsenter" | "unshare" | "perl" | "sh" | "setsid", string | undefined>
  >;
  /** whether a user namespace with an AnyIP network could be made just now; the error else */
  readonly network: { readonly ok: true } | { readonly ok: false; readonly error: string } | "root";
  readonly cgroup: string | undefined;
}

const run = promisify(execFile);

export async function gatherFacts(enter: string): Promise<MachineFacts> {
  const uid = process.getuid?.() ?? -1;
  const [bwrap, git] = await Promise.all([version("bwrap"), version("git")]);
  const parents = findParents(ownCgroupFacts());
  return {
    uid,
    node: process.versions.node,
    processor: process.arch,
    usernsClone: readText("/proc/sys/kernel/unprivileged_userns_clone")?.trim(),
    maxUserNamespaces: readText("/proc/sys/user/max_user_namespaces")?.trim(),
    apparmorRestriction: readText("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")?.trim(),
    seccompActions: readText("/proc/sys/kernel/seccomp/actions_avail")?.trim(),
    bwrap,
    git,
    tools: {
      ip: findTool("ip"),
      nsenter: findTool("nsenter"),
      unshare: findTool("unshare"),
      perl: findTool("perl"),
      sh: findTool("sh"),
      setsid: findTool("setsid"),
    },
    network: uid === 0 ? "root" : await tryNetwork(enter),
    cgroup:
      parents === undefined
        ? undefined
        : `version ${parents.version}, ${[...parents.parents.keys()].join(" ")}`,
  };
}

async function version(name: string): Promise<string | undefined> {
  const path = findTool(name);
  if (path === undefined) return undefined;
  try {
    return (await run(path, ["--version"], { timeout: SETUP_MS, env: {} })).stdout.trim();
  } catch {
    return undefined;
  }
}

async function tryNetwork(enter: string): Promise<MachineFacts["network"]> {
  try {
    const network = await openNetwork(startHolder(enter), [{ kind: "tcp", port: 443 }]);
    for (const { handle } of network.sockets) closeHandle(handle);
    await network.close();
    return { ok: true };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
