/** What this process does when it is told to end. */
export interface SignalHandlers {
  /** SIGTERM, SIGHUP, or a second Ctrl-C */
  stop(why: string): void;
  /** the first Ctrl-C, which is the agent's */
  interrupt(): void;
}

export function handleSignals({ stop, interrupt }: SignalHandlers): void {
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGHUP", () => stop("the terminal was closed"));
  let interrupts = 0;
  process.on("SIGINT", () => {
    interrupts += 1;
    if (interrupts > 1) stop("interrupted");
    else interrupt();
  });
}
