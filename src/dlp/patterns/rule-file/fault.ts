import { Fault } from "../../../base/fault.ts";

/** A mistake in a rule file: which line, which key. */
export class RuleFault extends Fault {
  constructor(message: string, line: number | undefined, mend: string) {
    super(`rule file${line === undefined ? "" : `, line ${line}`}: ${message}`, { mend, exitCode: 2 });
    this.name = "RuleFault";
  }
}
