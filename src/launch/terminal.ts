import { spawnSync } from "node:child_process";

// What a full-screen program may have left on: alternate screen, hidden cursor, mouse reporting (5 kinds), focus
// events, bracketed paste, application cursor keys and keypad, kitty keyboard protocol, scroll region, character set,
// colours; and an unfinished OSC or DCS string, which the leading ST ends.
const RESET = [
  "\u001b\\",
  "\u001b[?1049l\u001b[?47l\u001b[?25h",
  "\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1005l\u001b[?1006l\u001b[?1015l\u001b[?1004l\u001b[?2004l",
  "\u001b[?1l\u001b>\u001b[<u\u001b[r\u001b(B\u000f\u001b[0m",
].join("");

export function takeTerminal(): void {
  process.stdin.setRawMode(true);
  process.stdin.resume();
}

/**
 * Gives the terminal back as it was. Its unread input is thrown away: the agent may have asked the terminal questions
 * whose answers would otherwise be typed into the operator's shell.
 */
export async function restoreTerminal(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.stdout.write(RESET, () => resolve());
  });
  // answers to the last queries are still under way: take what comes for a moment, then flush the rest in the kernel
  process.stdin.resume();
  await new Promise((resolve) => setTimeout(resolve, 30));
  process.stdin.pause();
  spawnSync("perl", ["-MPOSIX", "-e", "POSIX::tcflush(0, POSIX::TCIFLUSH())"], {
    stdio: ["inherit", "ignore", "ignore"],
  });
  process.stdin.setRawMode(false);
}
