import { type Code, type Refusal, refuse } from "../../../policy/verdict.ts";

/** Why a WebSocket ends here, and the close code (RFC 6455 §7.4.1) that both sides are told. */
export class WebSocketFault extends Error {
  readonly refusal: Refusal;
  readonly closeCode: number;

  constructor(refusal: Refusal, closeCode: number) {
    super(refusal.detail);
    this.name = "WebSocketFault";
    this.refusal = refusal;
    this.closeCode = closeCode;
  }
}

export const PROTOCOL_ERROR = 1002;
export const INVALID_PAYLOAD = 1007;
export const POLICY_VIOLATION = 1008;
export const TOO_BIG = 1009;
export const BAD_GATEWAY = 1014;

/** `reason`: the end of a sentence about the frame or message. */
export function malformed(reason: string, closeCode = PROTOCOL_ERROR): WebSocketFault {
  return new WebSocketFault(refuse("egress.protocol_error", `A WebSocket ${reason}.`, "RFC 6455"), closeCode);
}

export function tooBig(reason: string, code: Code = "dlp.body_too_large"): WebSocketFault {
  return new WebSocketFault(refuse(code, `A WebSocket ${reason}.`, "limits of inspection"), TOO_BIG);
}
