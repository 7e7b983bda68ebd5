import { spawnSync } from "node:child_process";
import { tool } from "../backends/linux/tools.ts";

const ESC = "\u001b";
/** ends an unfinished OSC, DCS, APC, PM or SOS string, which would swallow what follows */
const ST = `${ESC}\\`;

/** DEC private modes that an agent may have left on. */
const MODES = [
  ...[1049, 1047, 47], // alternate screen
  ...[9, 1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016], // mouse reports
  ...[1004, 2031, 2048], // reports of focus, colour scheme and size, which would be typed into the shell
  ...[2004, 2026, 9001], // bracketed paste, withheld drawing, keys as Windows reports them
  ...[1, 5, 69], // application cursor keys, reverse video, left and right margins
];

// In this order: a soft reset (DECSTR) before the cursor is saved, since it forgets what was saved; the scroll region
// and origin mode move the cursor, so it is saved around them.
const RESET = [
  ST,
  ...MODES.map((mode) => `${ESC}[?${mode}l`),
  // kitty's keyboard protocol, xterm's modifyOtherKeys, locked keyboard, insert mode, line feeds as new lines
  `${ESC}[<99u${ESC}[=0u${ESC}[>4m${ESC}[2l${ESC}[4l${ESC}[20l`,
  // wrapping, the cursor and its shape, keypad
  `${ESC}[!p${ESC}[?7h${ESC}[?25h${ESC}[0 q${ESC}>`,
  `${ESC}7${ESC}[?6l${ESC}[r${ESC}8`,
  // palette, foreground, background, cursor colour; an open hyperlink; the title as `TAKE` saved it
  ...["104", "110", "111", "112", "8;;"].map((command) => `${ESC}]${command}${ST}`),
  `${ESC}[23;0t`,
  `${ESC}(B${ESC})B\u000f${ESC}[0m`,
].join("");

/** Saves the title and the icon's name. */
const TAKE = `${ESC}[22;0t`;

export function takeTerminal(): void {
  process.stdout.write(TAKE);
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
  // the system's perl, with nothing of the environment: PATH may lead into a folder that an agent writes
  spawnSync(tool("perl"), ["-MPOSIX", "-e", "POSIX::tcflush(0, POSIX::TCIFLUSH())"], {
    stdio: ["inherit", "ignore", "ignore"],
    env: {},
    cwd: "/",
  });
  process.stdin.setRawMode(false);
}
