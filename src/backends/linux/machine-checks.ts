import type { Check } from "../backend.ts";
import type { MachineFacts } from "./machine-facts.ts";
import { TOOLS } from "./tools.ts";

/** bwrap has `--disable-userns` from here on. */
const BWRAP_VERSION: Version = [0, 8, 0];
const NODE_VERSION: Version = [24, 0, 0];

type Version = readonly [number, number, number];

/** Judges a machine's facts; pure, so that machines that aren't at hand can be judged from what was recorded on them. */
export function judge(facts: MachineFacts): Check[] {
  return [
    atLeast("Node.js", facts.node, NODE_VERSION, "npm run setup"),
    processor(facts),
    userNamespaces(facts),
    apparmor(facts),
    atLeast("bwrap", facts.bwrap, BWRAP_VERSION, "sudo apt install bubblewrap"),
    ...(["ip", "nsenter", "unshare", "perl"] as const).map((name) =>
      installed(name, facts.tools[name], `sudo apt install ${TOOLS[name]}`),
    ),
    installed("setsid", facts.tools.setsid, "sudo apt install util-linux"),
    installed("sh", facts.tools.sh, "sudo apt install dash"),
    installed("git", facts.git, "sudo apt install git"),
    seccomp(facts),
    network(facts),
    // Not a prerequisite: without it limits hold otherwise.
    {
      name: "cgroup",
      ok: true,
      found: facts.cgroup ?? "none delegated: rlimits and a watchdog hold the limits",
    },
  ];
}

function installed(name: string, found: string | undefined, mend: string): Check {
  return found === undefined ? { name, ok: false, found: "not installed", mend } : { name, ok: true, found };
}

function atLeast(name: string, found: string | undefined, wanted: Version, mend: string): Check {
  if (found === undefined) return { name, ok: false, found: "not installed", mend };
  const numbers =
    /([0-9]+)\.([0-9]+)(?:\.([0-9]+))?/
      .exec(found)
      ?.slice(1)
      .map((part) => Number(part ?? 0)) ?? [];
  const ok = compare(numbers, wanted) >= 0;
  return ok ? { name, ok, found } : { name, ok, found: `${found}, needs ${wanted.join(".")}`, mend };
}

function compare(found: readonly number[], wanted: Version): number {
  for (const [index, part] of wanted.entries()) {
    const difference = (found[index] ?? 0) - part;
    if (difference !== 0) return difference;
  }
  return 0;
}

function processor({ processor: found }: MachineFacts): Check {
  const name = "processor";
  if (found === "x64" || found === "arm64") return { name, ok: true, found };
  return { name, ok: false, found: `${found}: no system-call table`, mend: "use an x86-64 or arm64 machine" };
}

function userNamespaces({ usernsClone, maxUserNamespaces }: MachineFacts): Check {
  const name = "user namespaces";
  if (usernsClone === "0") {
    const mend = "sudo sysctl -w kernel.unprivileged_userns_clone=1";
    return { name, ok: false, found: "kernel.unprivileged_userns_clone is 0", mend };
  }
  if (maxUserNamespaces === undefined) {
    return { name, ok: false, found: "the kernel has none", mend: "use a kernel with CONFIG_USER_NS" };
  }
  if (Number(maxUserNamespaces) < 3) {
    const mend = "sudo sysctl -w user.max_user_namespaces=15000";
    return { name, ok: false, found: `user.max_user_namespaces is ${maxUserNamespaces}`, mend };
  }
  return { name, ok: true, found: `up to ${maxUserNamespaces}` };
}

/** Ubuntu 23.10 and later: a user namespace made by a program without a profile has no capabilities. */
function apparmor({ apparmorRestriction, network: tried, uid }: MachineFacts): Check {
  const name = "AppArmor";
  if (apparmorRestriction !== "1") return { name, ok: true, found: "does not restrict user namespaces" };
  if (uid !== 0 && tried !== "root" && tried.ok) {
    return { name, ok: true, found: "restricts user namespaces, but not those of the programs used" };
  }
  return {
    name,
    ok: false,
    found: "kernel.apparmor_restrict_unprivileged_userns is 1",
    mend: "echo kernel.apparmor_restrict_unprivileged_userns=0 | sudo tee /etc/sysctl.d/60-bot-bottle.conf && sudo sysctl --system",
  };
}

function seccomp({ seccompActions }: MachineFacts): Check {
  const name = "seccomp";
  if (seccompActions?.includes("kill_process") === true) return { name, ok: true, found: "filters" };
  return {
    name,
    ok: false,
    found: "the kernel has no seccomp filters",
    mend: "use a kernel with CONFIG_SECCOMP_FILTER, 4.14 or later",
  };
}

function network({ network: tried }: MachineFacts): Check {
  const name = "closed network";
  if (tried === "root") return { name, ok: true, found: "not tried as root: bottles run as an ordinary uid" };
  if (tried.ok) return { name, ok: true, found: "made, and closed again" };
  return {
    name,
    ok: false,
    found: tried.error,
    mend: "mend the lines above; in a container, run on the host instead",
  };
}
