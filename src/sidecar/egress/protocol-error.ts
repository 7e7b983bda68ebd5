import type { Code } from "../../policy/verdict.ts";

/**
 * A message that breaks the rules of its protocol. From the client it becomes a refusal with `code`, from the
 * upstream a 502; the connection is closed either way, because where the next message begins is no longer certain.
 */
export class ProtocolError extends Error {
  readonly code: Code;

  /** `reason`: the end of a sentence about the message, without any of its bytes: `repeats Content-Length`. */
  constructor(reason: string, code: Code = "egress.protocol_error") {
    super(reason);
    this.name = "ProtocolError";
    this.code = code;
  }
}
