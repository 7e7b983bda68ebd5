/**
 * Calls `stop` with the reason when this process is told to end (SIGTERM, SIGHUP), or at the second Ctrl-C: the first
 * is the agent's (it reaches it through its own terminal, or is passed on by the job).
 */
export function stopSignals(stop: (why: string) => void): void {
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGHUP", () => stop("the terminal was closed"));
  let interrupts = 0;
  process.on("SIGINT", () => {
    interrupts += 1;
    if (interrupts > 1) stop("interrupted");
  });
}
