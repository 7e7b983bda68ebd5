import { describe, expect, it } from "vitest";
import { judge } from "../../src/backends/linux/machine-checks.ts";
import type { MachineFacts } from "../../src/backends/linux/machine-facts.ts";

/** Debian 12, an ordinary user, everything installed. */
const DEBIAN: MachineFacts = {
  uid: 1000,
  node: "24.21.0",
  processor: "x64",
  usernsClone: "1",
  maxUserNamespaces: "96364",
  apparmorRestriction: undefined,
  seccompActions: "kill_process kill_thread trap errno user_notif trace log allow",
  bwrap: "bubblewrap 0.8.0",
  git: "git version 2.39.5",
  tools: {
    ip: "/usr/sbin/ip",
    nsenter: "/usr/bin/nsenter",
    unshare: "/usr/bin/unshare",
    perl: "/usr/bin/perl",
    sh: "/usr/bin/sh",
    setsid: "/usr/bin/setsid",
  },
  network: { ok: true },
  cgroup: undefined,
};

/** Ubuntu 24.04 as it is installed: unshare succeeds, and the first write in the namespace is refused. */
const UBUNTU_2404: MachineFacts = {
  ...DEBIAN,
  usernsClone: "1",
  apparmorRestriction: "1",
  bwrap: "bubblewrap 0.9.0",
  git: "git version 2.43.0",
  network: { ok: false, error: "unshare: write failed /proc/self/uid_map: Operation not permitted" },
};

function failures(facts: MachineFacts) {
  return judge(facts)
    .filter(({ ok }) => !ok)
    .map(({ name, mend }) => [name, mend]);
}

describe("doctor on the linux backend", () => {
  it("finds nothing to mend on a Debian with everything installed", () => {
    expect(failures(DEBIAN)).toEqual([]);
  });

  it("names the sysctl that Ubuntu 24.04 restricts user namespaces with", () => {
    const [apparmor, network] = failures(UBUNTU_2404);
    expect(apparmor).toEqual([
      "AppArmor",
      expect.stringContaining("kernel.apparmor_restrict_unprivileged_userns=0"),
    ]);
    expect(network?.[0]).toBe("closed network");
  });

  it("accepts that restriction where the programs used have a profile", () => {
    expect(failures({ ...UBUNTU_2404, network: { ok: true } })).toEqual([]);
  });

  it("names the restriction when asked by root, who can't try", () => {
    expect(failures({ ...UBUNTU_2404, uid: 0, network: "root" }).map(([name]) => name)).toEqual(["AppArmor"]);
  });

  it.each([
    [{ usernsClone: "0" }, "user namespaces", "kernel.unprivileged_userns_clone=1"],
    [{ maxUserNamespaces: "0" }, "user namespaces", "user.max_user_namespaces="],
    [{ maxUserNamespaces: undefined }, "user namespaces", "CONFIG_USER_NS"],
    [{ bwrap: undefined }, "bwrap", "apt install bubblewrap"],
    [{ bwrap: "bubblewrap 0.4.0" }, "bwrap", "apt install bubblewrap"],
    [{ git: undefined }, "git", "apt install git"],
    [{ node: "22.4.1" }, "Node.js", "npm run setup"],
    [{ processor: "ia32" }, "processor", "x86-64 or arm64"],
    [{ seccompActions: undefined }, "seccomp", "CONFIG_SECCOMP_FILTER"],
    [{ tools: { ...DEBIAN.tools, ip: undefined } }, "ip", "apt install iproute2"],
    [{ tools: { ...DEBIAN.tools, perl: undefined } }, "perl", "apt install perl-base"],
    [{ tools: { ...DEBIAN.tools, nsenter: undefined } }, "nsenter", "apt install util-linux"],
  ] satisfies readonly [Partial<MachineFacts>, string, string][])(
    "says how to mend %j",
    (change, name, mend) => {
      expect(failures({ ...DEBIAN, ...change })).toEqual([[name, expect.stringContaining(mend)]]);
    },
  );

  it("says which mode holds the limits, as no failure", () => {
    const found = (facts: MachineFacts) => judge(facts).find(({ name }) => name === "cgroup")?.found;
    expect(found(DEBIAN)).toContain("watchdog");
    expect(found({ ...DEBIAN, cgroup: "version 2, cpu memory pids" })).toBe("version 2, cpu memory pids");
  });
});
