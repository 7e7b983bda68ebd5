/** Exit codes of SPEC §8: the agent's own otherwise, 126/127 as in a shell. */
export const EXIT_USAGE = 2;
export const EXIT_FAILED = 125;

/**
 * What a person did or must mend: `message` says what happened and where, `mend` the one thing to do.
 * The CLI prints it without a stack trace and exits with `exitCode`. Anything else that is thrown is a bug.
 */
export class Fault extends Error {
  readonly mend: string | undefined;
  readonly exitCode: number;

  constructor(message: string, options: { mend?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Fault";
    this.mend = options.mend;
    this.exitCode = options.exitCode ?? EXIT_FAILED;
  }
}

/** A mistake in the command line or in a manifest: exit code 2. */
export function usageFault(message: string, mend?: string): Fault {
  return new Fault(message, mend === undefined ? { exitCode: EXIT_USAGE } : { mend, exitCode: EXIT_USAGE });
}
