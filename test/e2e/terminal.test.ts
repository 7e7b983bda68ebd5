import { type IPty, spawn } from "@lydell/node-pty";
import { afterEach, describe, expect, it } from "vitest";
import { BottleHome } from "../support/bottle.ts";
import { STARTERS } from "../support/program.ts";

const BOTTLE = "agent_provider: {template: command}\nsupervise: false";

/** A full-screen program: alternate screen, raw mode, draws its size, redraws on resize, says which key was pressed. */
const FULL_SCREEN = `
use strict; use POSIX; $| = 1; my $t = POSIX::Termios->new; $t->getattr(0); my $l = $t->getlflag;
$t->setlflag($l & ~(ECHO | ICANON | ISIG)); $t->setcc(VMIN, 1); $t->setattr(0, TCSANOW);
print "\\e[?1049h\\e[?25l\\e[?1000h";
sub size { my $w = "\\0" x 8; ioctl(STDIN, 0x5413, $w) or die; my ($r, $c) = unpack("S2", $w); print "[size \${c}x\${r}]" }
$SIG{WINCH} = sub { size() }; size(); print "[ready]";
while (1) { my $n = sysread(STDIN, my $k, 1); next unless defined $n; last if $n == 0 || $k eq "q"; printf "[key %d]", ord $k }
print "[bye]"; exit 5;`;

/** Reads nothing and echoes nothing: what is typed stays in the terminal's input. */
const RAW =
  "use POSIX; $| = 1; my $t = POSIX::Termios->new; $t->getattr(0); $t->setlflag(0); $t->setattr(0, TCSANOW);";

class Screen {
  readonly pty: IPty;
  output = "";
  readonly exited: Promise<number>;

  /** `around`: argv of a shell that runs the program */
  constructor(home: BottleHome, args: readonly string[], around: readonly string[] = []) {
    const { argv, env } = home.commandLine(args, { TERM: "xterm-256color" });
    const [file = "", ...rest] = [...around, ...argv];
    this.pty = spawn(file, rest, { cols: 100, rows: 30, name: "xterm-256color", cwd: home.folder, env });
    this.pty.onData((data) => {
      this.output += data;
    });
    this.exited = new Promise((resolve) => void this.pty.onExit(({ exitCode }) => resolve(exitCode)));
  }

  async until(text: string | RegExp, seconds = 120): Promise<void> {
    const found = () => (typeof text === "string" ? this.output.includes(text) : text.test(this.output));
    const deadline = Date.now() + seconds * 1000;
    while (!found()) {
      if (Date.now() > deadline) throw new Error(`never saw ${text} in:\n${JSON.stringify(this.output)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

describe.each(STARTERS)("on a terminal, a bottle started by %s", (starter) => {
  let home: BottleHome;
  let screen: Screen | undefined;
  afterEach(async () => {
    screen?.pty.kill("SIGKILL");
    screen = undefined;
    await home.dispose();
  });
  const open = (command: readonly string[]) => {
    home = new BottleHome({ starter, bottles: { dev: BOTTLE } });
    screen = new Screen(home, ["run", "--bottle", "dev", "--yes", "--", ...command]);
    return screen;
  };

  it("runs a full-screen program: its size, resizes and keys arrive, Ctrl-C as a key too", async () => {
    const one = open(["perl", "-e", FULL_SCREEN]);
    await one.until("[size 100x30]");
    await one.until("[ready]");
    one.pty.resize(72, 24);
    await one.until("[size 72x24]");
    one.pty.write("a");
    await one.until("[key 97]");
    one.pty.write("\u0003");
    await one.until("[key 3]");
    one.pty.write("q");
    expect(await one.exited).toBe(5);
  });

  it("leaves the terminal as it was: screen, cursor, mouse and modes reset", async () => {
    const one = open(["perl", "-e", FULL_SCREEN]);
    await one.until("[ready]");
    one.pty.write("q");
    await one.exited;
    const after = one.output.slice(one.output.lastIndexOf("[bye]"));
    expect(after).toContain("\u001b[?1049l");
    expect(after).toContain("\u001b[?25h");
    expect(after).toContain("\u001b[?1000l");
  });

  it("sends Ctrl-C to the program, and the bottle ends in order", async () => {
    const one = open([
      "sh",
      "-c",
      "trap 'echo caught; exit 9' INT; echo waiting; while :; do sleep 0.1; done",
    ]);
    await one.until("waiting");
    one.pty.write("\u0003");
    await one.until("caught");
    expect(await one.exited).toBe(9);
  });

  it("gives the program a terminal of the bottle's own, not the operator's", async () => {
    const one = open(["sh", "-c", "tty; ls /dev/pts; echo done"]);
    await one.until("done");
    expect(await one.exited).toBe(0);
    expect(one.output).toMatch(/\/dev\/(pts\/\d+|console)/);
    // only its own: the operator's is another, in another devpts
    expect(one.output.match(/^\d+\r?$/gm)?.length ?? 0).toBeLessThanOrEqual(1);
  });

  it("swallows what is typed ahead for the shell behind it, when the program ends", async () => {
    home = new BottleHome({ starter, bottles: { dev: BOTTLE } });
    const after = 'if read -r -t 2 line; then echo "typed[$line]"; else echo "[nothing]"; fi';
    const typed = 'my $in = ""; vec($in, 0, 1) = 1; select($in, undef, undef, 100); sleep 1;';
    const program = ["perl", "-e", `${RAW} print "up\\n"; ${typed} print "[over]\\n"`];
    screen = new Screen(
      home,
      ["run", "--bottle", "dev", "--yes", "--", ...program],
      ["bash", "-c", `"$@"; ${after}`, "_"],
    );
    await screen.until("up");
    screen.pty.write("touch /tmp/typed-ahead\r");
    await screen.exited;
    expect(screen.output).toContain("[nothing]");
  });

  it("exec -t gives a terminal as well", async () => {
    home = new BottleHome({ starter, bottles: { dev: BOTTLE } });
    const bottle = await home.launch();
    screen = new Screen(home, ["exec", "-t", bottle.id, "--", "perl", "-e", FULL_SCREEN]);
    await screen.until("[size 100x30]");
    screen.pty.resize(90, 20);
    await screen.until("[size 90x20]");
    screen.pty.write("q");
    expect(await screen.exited).toBe(5);
  });
});
