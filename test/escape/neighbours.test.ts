import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome, type RunningBottle } from "../support/bottle.ts";
import { type Origin, startOrigin } from "../support/https-origin.ts";
import { STARTERS } from "../support/program.ts";
import { ca, TOKEN } from "./internet.ts";

const bottleFor = (host: string, secret: string) => `
agent_provider: {template: command}
supervise: false
egress:
  routes:
    - host: ${host}
      auth: {scheme: Bearer, token_ref: ${secret}}
`;

/** Serves on every port and socket kind a neighbour might try, and says so. */
const SERVER = `
use strict; use IO::Socket; use Socket; $| = 1;
my $tcp = IO::Socket::INET->new(Listen => 5, LocalPort => 5000, Proto => "tcp", ReuseAddr => 1) or die "tcp $!";
socket(my $un, AF_UNIX, SOCK_STREAM, 0); bind($un, pack("S a*", AF_UNIX, "\\0neighbour")) or die "unix $!"; listen($un, 5);
open(my $f, ">", "/workspace/of-the-neighbour") or die; print $f "mine\\n"; close $f;
print "SERVING\\n"; sleep 600;`;

const tryAll = `
use IO::Socket; use Socket;
for my $to ("127.0.0.1:5000", "198.18.0.1:5000", "10.0.0.1:5000") {
  print "REACHED tcp $to\\n" if IO::Socket::INET->new(PeerAddr => $to, Timeout => 2);
}
socket(my $un, AF_UNIX, SOCK_STREAM, 0); print "REACHED unix\\n" if connect($un, pack("S a*", AF_UNIX, "\\0neighbour"));
print "REACHED workspace\\n" if -e "/workspace/of-the-neighbour";
for my $d ("/proc/1/root/workspace", "/home", "/run", "/tmp") { print "REACHED $_\\n" for grep { /neighbour/ } glob("$d/* $d/*/*") }
print "REACHED process $_\\n" for grep { my $c = ""; if (open(my $f, "<", "$_/cmdline")) { local $/; $c = <$f> // "" } $c =~ /SER[V]ING/ && $c !~ /TRI[E]D/ } glob("/proc/[0-9]*");
print "TRIED\\n";`;

describe.each(STARTERS)("two bottles started by %s", (starter) => {
  let home: BottleHome;
  let origin: Origin;
  let first: RunningBottle;
  let second: RunningBottle;
  beforeAll(async () => {
    origin = await startOrigin({ credentials: ca.leaf(["one.example.com", "two.example.com"]) });
    home = new BottleHome({
      starter,
      bottles: {
        dev: bottleFor("one.example.com", "TOKEN_ONE"),
        other: bottleFor("two.example.com", "TOKEN_TWO"),
      },
      ca: ca.cert,
      resolve: { "one.example.com:443": origin.address, "two.example.com:443": origin.address },
      env: { TOKEN_ONE: TOKEN, TOKEN_TWO: `${TOKEN}-two` },
    });
    first = await home.launch(["perl", "-e", SERVER]);
    second = await home.launch(["sleep", "600"], { bottle: "other" });
    while (!first.stdout().includes("SERVING")) await new Promise((resolve) => setTimeout(resolve, 20));
  });
  afterAll(async () => {
    await home?.dispose();
    await origin?.close();
  });

  it("the attack reaches what is in its own bottle: the test can fail", async () => {
    const { stdout } = await first.exec(["perl", "-e", tryAll]);
    expect(stdout).toContain("REACHED tcp 127.0.0.1:5000");
    expect(stdout).toContain("REACHED unix");
    expect(stdout).toContain("REACHED process");
  });

  it("share no network, no socket, no file and no process", async () => {
    const { stdout } = await second.exec(["perl", "-e", tryAll]);
    expect(stdout).toBe("TRIED\n");
  });

  it("use no route and no token of each other's", async () => {
    const call = (host: string) => [
      "curl",
      "-s",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}",
      `https://${host}/neighbour`,
    ];
    expect((await first.exec(call("one.example.com"))).stdout).toBe("200");
    expect((await first.exec(call("two.example.com"))).stdout).toBe("403");
    expect(
      origin.seen.filter(({ url }) => url === "/neighbour").map(({ headers }) => headers.authorization),
    ).toEqual([`Bearer ${TOKEN}`]);
    expect(home.journal(first.id)).toContainEqual(
      expect.objectContaining({ host: "two.example.com", code: "egress.host_not_allowed" }),
    );
  });

  it("run under uids of which neither may signal the other", async () => {
    const stop = await home.cli(["stop", second.id]);
    expect(stop.code).toBe(0);
    expect((await first.exec(["true"])).code).toBe(0);
  });
});
