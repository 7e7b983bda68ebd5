import { isUtf8 } from "node:buffer";
import { malformed } from "./fault.ts";

/** RFC 6455 §5.2 */
export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

export const MAX_CONTROL_BYTES = 125;

/** The head of one frame. */
export interface FrameHead {
  readonly fin: boolean;
  /** RSV1: the message is compressed (RFC 7692 §6) */
  readonly compressed: boolean;
  readonly opcode: number;
  /** masking key; undefined: not masked */
  readonly key: Buffer | undefined;
  /** bytes of payload */
  readonly length: number;
  /** as they came */
  readonly bytes: Buffer;
}

/** One whole frame, of the smallest length form. `key`: masks it. */
export function encodeFrame(
  opcode: number,
  payload: Buffer,
  { key, compressed = false }: { readonly key: Buffer | undefined; readonly compressed?: boolean },
): Buffer {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes + (key ? 4 : 0));
  head[0] = 0x80 | (compressed ? 0x40 : 0) | opcode;
  head[1] = (key ? 0x80 : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  else if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  key?.copy(head, head.length - 4);
  return Buffer.concat([head, key ? masked(payload, key, 0) : payload]);
}

/** A copy, masked or unmasked (RFC 6455 §5.3). `phase`: bytes of the frame's payload before these. */
export function masked(bytes: Buffer, key: Buffer, phase: number): Buffer {
  const result = Buffer.allocUnsafe(bytes.length);
  const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map((i) => key[(phase + i) & 3] ?? 0);
  let i = 0;
  for (; i + 3 < bytes.length; i += 4) {
    result[i] = (bytes[i] ?? 0) ^ a;
    result[i + 1] = (bytes[i + 1] ?? 0) ^ b;
    result[i + 2] = (bytes[i + 2] ?? 0) ^ c;
    result[i + 3] = (bytes[i + 3] ?? 0) ^ d;
  }
  for (; i < bytes.length; i++) result[i] = (bytes[i] ?? 0) ^ (key[(phase + i) & 3] ?? 0);
  return result;
}

/** The payload of a close frame. `reason`: ASCII, cut to what fits. */
export function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(reason.slice(0, MAX_CONTROL_BYTES - 2), "latin1");
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code);
  text.copy(payload, 2);
  return payload;
}

/** Checks a close frame's payload (RFC 6455 §5.5.1, §7.4). Throws WebSocketFault. */
export function checkClose(payload: Buffer): void {
  if (payload.length === 0) return;
  if (payload.length === 1) throw malformed("close frame holds half a code");
  const code = payload.readUInt16BE();
  const registered = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  if (!registered && !(code >= 3000 && code <= 4999))
    throw malformed("close frame has a code that none may have");
  if (!isUtf8(payload.subarray(2))) throw malformed("close frame has a reason that is not UTF-8");
}
