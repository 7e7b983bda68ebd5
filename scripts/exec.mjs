// Starts programs for scripts/run.mjs: on our terminal, or with their output caught.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { nodeLink, root } from "./setup.mjs";

const QUIET = "--disable-warning=ExperimentalWarning";

/**
 * Runs a program on our terminal and gives its exit code, 128+n for a signal. Ctrl-C reaches the child by the
 * terminal itself; a signal sent to us alone is passed on, and in both cases the child decides when to end.
 */
export function call(command, args, { cwd = root, env = {} } = {}) {
  const child = spawn(command, args, { cwd, stdio: "inherit", env: environment(env) });
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return ended(child, (error) => console.error(`${command}: ${error.message}`));
}

/** The same for a script or tool of the checkout, run by the Node that the set-up chose. */
export function callNode(script, args, options) {
  return call(nodeLink, [QUIET, join(root, script), ...args], options);
}

/** Like `callNode`, without a terminal: gives the exit code and everything that was printed. */
export async function catchNode(script, args) {
  const child = spawn(nodeLink, [QUIET, join(root, script), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: environment({}),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const code = await ended(child, (error) => {
    output += `${error.message}\n`;
  });
  return { code, output };
}

/** Tools that start `node` themselves must find the same one. */
function environment(more) {
  return { ...process.env, PATH: `${join(root, ".tools")}${delimiter}${process.env.PATH ?? ""}`, ...more };
}

function ended(child, onError) {
  return new Promise((resolve) => {
    child.on("error", (error) => {
      onError(error);
      resolve(125);
    });
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
