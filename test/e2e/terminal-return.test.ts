import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { BottleHome } from "../support/bottle.ts";
import { STARTERS } from "../support/program.ts";
import { Screen } from "../support/screen.ts";

const BOTTLE = "agent_provider: {template: command}\nsupervise: false";

/** Device and inode numbers of what each descriptor is; a terminal is known by them. */
const DESCRIPTORS = 'for f in /proc/self/fd/*; do stat -L -c "<$1 %d:%r %F>" "$f"; done';

describe.each(STARTERS)("when a bottle started by %s had the terminal", (starter) => {
  let home: BottleHome;
  let screen: Screen | undefined;
  beforeAll(() => {
    home = new BottleHome({ starter, bottles: { dev: BOTTLE } });
  });
  afterEach(() => {
    screen?.pty.kill("SIGKILL");
    screen = undefined;
  });
  afterAll(() => home?.dispose());

  /** `before` and `after` run in the operator's shell, on the operator's terminal. */
  const session = (command: readonly string[], { before = ":", after = ":" } = {}) => {
    const { argv, env } = home.commandLine(["run", "--bottle", "dev", "--yes", "--", ...command]);
    const script = `${before}; "$@"; code=$?; ${after}; echo "<exit $code>"`;
    screen = new Screen(["bash", "-c", script, "bash", ...argv], {
      cwd: home.folder,
      env: { ...env, TERM: "xterm-256color" },
    });
    return screen;
  };
  const NEXT = 'IFS= read -r -t 1 line; echo "<next [$line]>"';

  it("nothing typed while it ran reaches the next reader, and the line settings are as before", async () => {
    const settings = 'echo "<tty $(stty -a | cksum)>"';
    const one = session(["sh", "-c", "stty -echo; echo up; sleep 1"], {
      before: settings,
      after: `${settings}; ${NEXT}`,
    });
    await one.until("up");
    one.pty.write("rm -rf precious\r");
    await one.until("<exit 0>");
    expect(one.output).toContain("<next []>");
    const sums = one.output.match(/<tty .*?>/g);
    expect(sums).toHaveLength(2);
    expect(sums?.[0]).toBe(sums?.[1]);
  });

  it("no answer of the terminal to an agent's last question is typed into the operator's shell", async () => {
    const next: string[] = [];
    // an answer that comes after the launcher has gone is nobody's to take: a slow machine gets three tries
    for (let tries = 0; tries < 3 && !next.includes("[]"); tries += 1) {
      const one = session(["printf", "\\033[6n\\033]11;?\\007"], { after: NEXT });
      // the program has ended by the time the terminal is reset; its answers are under way
      const answering = one.pty.onData(() => {
        if (!one.output.includes("\u001b[?1049l")) return;
        answering.dispose();
        one.pty.write("\u001b[12;34R\u001b]11;rgb:0000/0000/0000\u0007; touch typed\r");
      });
      await one.until("<exit 0>");
      next.push(/<next (\[.*\])>/.exec(one.output)?.[1] ?? "none");
    }
    expect(next).toContain("[]");
  });

  it.each([
    ["is killed", "kill -KILL $$", 137],
    ["crashes", "kill -SEGV $$", 139],
  ])("a full-screen program that %s leaves no mode on", async (_, end, code) => {
    const on =
      "\\033[?1049h\\033[?25l\\033[?1003h\\033[?1006h\\033[?2004h\\033[?1h\\033[5;10r\\033]0;half a title";
    const one = session(["sh", "-c", `printf '${on}'; sleep 0.2; ${end}`]);
    await one.until(`<exit ${code}>`);
    const after = one.output.slice(one.output.indexOf("half a title"));
    for (const off of ["\u001b\\", "?1049l", "?25h", "?1003l", "?1006l", "?2004l", "?1l", "\u001b[r"]) {
      expect(after).toContain(off.startsWith("?") ? `\u001b[${off}` : off);
    }
  });

  it("the modes are put off as well when the launcher is told to end", async () => {
    const one = session(["sh", "-c", "printf '\\033[?1049h\\033[?1003h'; echo up; sleep 600"]);
    await one.until("up");
    const id = home.ids().find((known) => home.phase(known) === "running") ?? "";
    expect((await home.cli(["stop", id])).code).toBe(0);
    await one.until("<exit 143>");
    expect(one.output).toContain("\u001b[?1049l");
    expect(one.output).toContain("\u001b[?1003l");
  });

  it("none of the program's descriptors was the operator's terminal, and its own is there", async () => {
    const one = session(["sh", "-c", DESCRIPTORS, "sh", "inside"], {
      before: `set -- "$@"; (set -- operator; ${DESCRIPTORS})`,
    });
    await one.until(/<exit \d+>/);
    const terminals = (who: string) =>
      [...one.output.matchAll(new RegExp(`<${who} (\\S+) character special file>`, "g"))].map(
        (match) => match[1],
      );
    const [operators, inside] = [new Set(terminals("operator")), new Set(terminals("inside"))];
    // the test runner may have left the operator's shell a device more: one more that must not be inside
    expect(operators.size).toBeGreaterThan(0);
    expect(inside.size).toBe(1);
    expect([...inside].filter((device) => operators.has(device))).toEqual([]);
  });

  it("the program's keyboard signals were its own: Ctrl-Z and Ctrl-\\ end or stop nothing outside", async () => {
    const script =
      "trap 'echo quit-caught' QUIT; trap 'echo stop-caught' TSTP; echo up; while :; do sleep 0.1; done";
    const one = session(["sh", "-c", script]);
    await one.until("up");
    one.pty.write("\u001c");
    await one.until("quit-caught");
    one.pty.write("\u001a");
    await one.until("stop-caught");
    const id = home.ids().find((known) => home.phase(known) === "running") ?? "";
    expect((await home.cli(["stop", id])).code).toBe(0);
    await one.until("<exit 143>");
  });
});
