import { describe, expect, it } from "vitest";
import { execScript, runScript } from "./bottle.ts";

// Every promise is kept by the agent's own program and by one that `exec` starts.
describe.each([
  ["the agent", runScript],
  ["a program that exec starts", execScript],
])("%s", (_, run) => {
  it("has no capability, can gain none, and runs under a seccomp filter", async () => {
    const { out } = await run("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status");
    expect(out.split("\n").map((line) => line.split(/\s+/))).toEqual([
      ...["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"].map((name) => [name, "0000000000000000"]),
      ["NoNewPrivs:", "1"],
      ["Seccomp:", "2"],
      [""],
    ]);
  });

  it("can't change addresses, routes or the state of a device", async () => {
    const { out } = await run(`
      ip addr add 10.1.1.1/32 dev lo || echo refused
      ip route del local default dev lo table local || echo refused
      ip route add default via 127.0.0.1 || echo refused
      ip link set lo down || echo refused
    `);
    expect(out).toBe("refused\n".repeat(4));
  });

  it("can't make a user namespace, by unshare or by clone", async () => {
    const { out, err } = await run(`
      unshare -U true || echo refused
      perl -e 'exit(syscall(56, 0x10000011, 0, 0, 0, 0) == -1 ? 0 : 1)' && echo refused
    `);
    expect(out).toBe("refused\n".repeat(2));
    expect(err).toContain("Operation not permitted");
  });

  it("can't write the host's core pattern, nor any other sysctl", async () => {
    const { out } = await run(`
      (echo '|/tmp/x' >/proc/sys/kernel/core_pattern) 2>/dev/null || echo refused
      find /proc/sys -type f | perl -ne 'chomp; open(my $file, "+<", $_) and print "$_\\n"'
    `);
    expect(out).toBe("refused\n");
  });

  it("sees no process but the bottle's", async () => {
    const { out } = await run(
      "for p in /proc/[0-9]*; do read -r name < $p/comm && echo $name; done | sort -u",
    );
    expect(
      out.split("\n").filter((name) => !["bwrap", "sh", "sleep", "perl", "sort", ""].includes(name)),
    ).toEqual([]);
  });

  it("sees nothing of the host but its programs and the mounts", async () => {
    const { out } = await run(
      "ls -A / /home /root /run /var /sys /opt /mnt /media /srv /boot 2>/dev/null; ls -A /etc",
    );
    for (const name of ["shadow", "sudoers", "ssh", "environment", "gitconfig", "machine-id"]) {
      expect(out.split("\n")).not.toContain(name);
    }
    expect(out).toContain("/:\nbin\ndev\netc\nhome\n");
    expect(out).toContain("/home:\nagent\n");
    expect(out).toContain("/run:\n\n");
    expect(out).not.toContain("/sys:");
    expect(out).not.toContain("/root:");
  });

  it("can write its home, the workspace and the bounded tmpfs, and nothing else", async () => {
    const { out } = await run(`
      for d in /home/agent /workspace /tmp /var/tmp /run /dev/shm; do touch $d/x && echo $d; done
      for d in / /usr /etc /etc/ssl /dev /home /var /usr/local/bin /etc/ssl/certs /proc; do
        touch $d/x 2>/dev/null && echo "wrote $d"
      done
      for d in /tmp /var/tmp /run /dev/shm; do
        [ "$(stat -f -c %b $d)" -lt 300000 ] && echo "$d bounded"
      done
    `);
    expect(out.split("\n")).toEqual([
      ...["/home/agent", "/workspace", "/tmp", "/var/tmp", "/run", "/dev/shm"],
      ...["/tmp bounded", "/var/tmp bounded", "/run bounded", "/dev/shm bounded", ""],
    ]);
  });

  it("reaches the sidecar's sockets at every address, and nothing on other ports", async () => {
    const { out } = await run(`bash -c '
      cat < /dev/tcp/192.0.2.1/443; cat < /dev/tcp/2001:db8::1/80; cat < /dev/tcp/169.254.169.254/80
      (exec 5<>/dev/tcp/127.0.0.1/22) 2>/dev/null || echo refused
      (exec 5<>/dev/tcp/192.0.2.1/8443) 2>/dev/null || echo refused
    '`);
    expect(out).toBe(
      "dialled ::ffff:192.0.2.1\ndialled 2001:db8::1\ndialled ::ffff:169.254.169.254\nrefused\nrefused\n",
    );
  });

  it("can't open raw, packet, vsock or kernel-crypto sockets", async () => {
    // families and types: INET raw, INET6 raw, PACKET, VSOCK, ALG, NETLINK of another protocol than routing
    const { out } = await run(`perl -e '
      for ([2,3,1],[10,3,58],[17,3,0],[40,1,0],[38,5,0],[16,3,9]) { print socket(my $s, $_->[0], $_->[1], $_->[2]) ? "open" : "refused", "\\n" }
      print socket(my $s, 16, 3, 0) ? "open" : "refused", "\\n"'`);
    expect(out).toBe(`${"refused\n".repeat(6)}open\n`);
  });

  it("can't take a port of the sidecar, by any socket option", async () => {
    const { out } = await run(`perl -e '
      for my $option (0, 2, 15) {
        socket(my $s, 10, 1, 0); setsockopt($s, 1, $option, pack "l", 1) if $option;
        my $ok = bind($s, pack("SnNa16N", 10, 443, 0, "\\0" x 16, 0)) && listen($s, 5);
        print $ok ? "took" : "refused", "\\n";
      }'`);
    expect(out).toBe("refused\n".repeat(3));
  });

  it("leaves no core file", async () => {
    const { out } = await run("ulimit -c; ulimit -H -c; sh -c 'kill -SEGV $$'; ls");
    expect(out).toBe("0\n0\n");
  });

  it("inherits no descriptor but its three streams, and no variable but those given", async () => {
    const { out } = await run(`perl -e '
      opendir my $d, "/proc/self/fd"; my $own = fileno $d; print join(",", sort grep { /\\d/ && $_ != $own } readdir $d), "\\n";
      print join(",", sort keys %ENV), "\\n"'`);
    const [descriptors, variables] = out.split("\n");
    expect(descriptors).toBe("0,1,2");
    expect(variables?.split(",").filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual([
      "HOME",
      "PATH",
    ]);
  });
});

describe("a bottle", () => {
  it("hides where its folders lie on the host from its command lines", async () => {
    const { out } = await runScript("cat /proc/*/cmdline | tr '\\0' '\\n'");
    expect(out).not.toContain("/tmp/");
  });

  it("lets an agent make namespaces of its own when it is nested, and still no other network", async () => {
    const { out } = await runScript(
      "unshare -Urn sh -c 'ip link set lo up && echo nested'; ip addr add 10.1.1.1/32 dev lo || echo refused",
      { nested: true },
    );
    expect(out).toBe("nested\nrefused\n");
  });

  it("is not made by a process whose uid is 0", async () => {
    const { createLinuxBackend } = await import("../../src/backends/linux/index.ts");
    const asRoot = process.getuid?.() === 0;
    const backend = createLinuxBackend({ nodePath: process.execPath, codeFolder: "/nonexistent" });
    const made = backend.open({
      id: "x",
      ports: [],
      mounts: [],
      scratch: "/nonexistent",
      limits: { memory: 1, pids: 1, cpus: undefined, disk: 1, openFiles: 1, time: undefined },
      nested: false,
    });
    if (asRoot) expect(() => backend.begin()).toThrow(/uid 0/);
    await expect(made).rejects.toThrow(asRoot ? /uid 0/ : /ENOENT|EACCES/);
  });
});
