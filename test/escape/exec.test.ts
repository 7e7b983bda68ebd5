import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome, type RunningBottle } from "../support/bottle.ts";
import { STARTERS } from "../support/program.ts";

const SECRET = "exec-must-not-see-7f3a9c51e2";
const BOTTLE = `
agent_provider: {template: command}
supervise: false
env: {PLAIN: literal-value, ASKED: "\${HOST_SECRET}"}
`;

/** Grabs at whatever enters the bottle's pid namespace from outside, before it has put its restrictions on. */
const GRABBER = `
use strict; my %seen; my @own = (1, $$); my $caught = 0; $| = 1;
print "READY\\n";
while (1) {
  # the rest of the machine wants to run too
  select(undef, undef, undef, 0.001);
  opendir(my $d, "/proc") or next;
  for my $pid (grep { /^\\d+$/ && $_ != $$ && $_ != 1 } readdir $d) {
    if (open(my $m, "+<", "/proc/$pid/mem")) { my $caps = ""; if (open(my $s, "<", "/proc/$pid/status")) { local $/; $caps = <$s> }
      if ($caps =~ /CapEff:\\s+0*[1-9a-f]/) { print "CAUGHT mem of capable $pid\\n" } }
    my $root = readlink("/proc/$pid/root"); if (defined $root) {
      for my $f ("/proc/$pid/root/etc/shadow", "/proc/$pid/root/boot", "/proc/$pid/root/root") { if (opendir(my $x, $f) || open(my $y, "<", $f)) { print "CAUGHT $f\\n" } } }
    if (opendir(my $fds, "/proc/$pid/fd")) { for my $fd (grep { /^\\d+$/ } readdir $fds) {
      my $to = readlink("/proc/$pid/fd/$fd") // ""; print "CAUGHT fd $to\\n" if $to =~ m{jsonl|/state/|metadata|\\.head|/ns/|mnt:|net:|user:} } }
    if (open(my $e, "<", "/proc/$pid/environ")) { local $/; my $env = <$e> // ""; print "CAUGHT environ\\n" if $env =~ /exec-must-not-see|BOT_BOTTLE_HOME/ }
  }
}`;

describe.each(STARTERS)("exec into a bottle started by %s", (starter) => {
  let home: BottleHome;
  let bottle: RunningBottle;
  beforeAll(async () => {
    home = new BottleHome({ starter, bottles: { dev: BOTTLE }, env: { HOST_SECRET: SECRET } });
    bottle = await home.launch(["perl", "-e", GRABBER]);
  });
  afterAll(() => home?.dispose());

  it("starts with nothing of the operator's or the agent's environment", async () => {
    const { code, stdout } = await bottle.exec(["env"], { env: { LEAK: "operator-variable" } });
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/LEAK|operator-variable|BOT_BOTTLE_HOME|exec-must-not-see|literal-value/);
    expect(stdout).toMatch(/^HOME=\/home\/agent$/m);
  });

  it("has no descriptor open but the three standard ones", async () => {
    const list = 'opendir(my $d, "/proc/self/fd"); print join(" ", grep { /^[0-9]+$/ } readdir $d)';
    const { stdout } = await bottle.exec(["perl", "-e", list]);
    // 3 is the folder being read
    expect(
      stdout
        .split(" ")
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual([0, 1, 2, 3]);
  });

  it("hands input, output and the exit code through", async () => {
    const { code, stdout } = await bottle.exec(["sh", "-c", "cat; exit 41"], { input: "from outside\n" });
    expect([code, stdout]).toEqual([41, "from outside\n"]);
  });

  it("says 127 for a program that is not there", async () => {
    expect((await bottle.exec(["no-such-program"])).code).toBe(127);
  });

  it("writes each call into the journal before it runs", async () => {
    await bottle.exec(["true", "marker-of-exec"]);
    expect(home.journal(bottle.id)).toContainEqual(
      expect.objectContaining({ kind: "lifecycle", event: "exec", command: "true marker-of-exec" }),
    );
  });

  it("gives the agent nothing to grab while it enters", async () => {
    for (let count = 0; count < 10; count += 1) expect((await bottle.exec(["true"])).code).toBe(0);
    expect(bottle.stdout()).toContain("READY");
    expect(bottle.stdout()).not.toContain("CAUGHT");
  });

  it("is refused for a bottle that does not run, with the line that helps", async () => {
    const { code, stderr } = await home.cli(["exec", "run-zzzzz", "--", "true"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/run-zzzzz/);
  });
});
