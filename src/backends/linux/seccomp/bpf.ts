/** One classic BPF instruction, `struct sock_filter` of linux/filter.h. Jumps count instructions forward from the next one. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Instructions that end in a return on every way through, so that one can be put behind another. */
export type Block = readonly Instruction[];

/** Opcodes of linux/bpf_common.h that a seccomp filter needs. */
export const OPCODE = {
  /** load a 32-bit word of `struct seccomp_data` */
  load: 0x20,
  and: 0x54,
  jumpAlways: 0x05,
  jumpEqual: 0x15,
  jumpGreaterOrEqual: 0x35,
  return: 0x06,
} as const;

/** What the kernel does with the call: seccomp(2), SECCOMP_RET_*. */
export const ALLOW = 0x7fff0000;
export const KILL_PROCESS = 0x80000000;

/** The call fails with this errno and is not made. */
export function errno(number: number): number {
  return 0x00050000 | number;
}

export const EPERM = 1;
export const ENOSYS = 38;
export const EPROTONOSUPPORT = 93;
export const EAFNOSUPPORT = 97;

/** Conditional jumps hold their distance in one byte. */
const MAX_JUMP = 255;

export function load(offset: number): Instruction {
  return { code: OPCODE.load, jt: 0, jf: 0, k: offset };
}

export function and(mask: number): Instruction {
  return { code: OPCODE.and, jt: 0, jf: 0, k: mask };
}

export function returns(action: number): Block {
  return [{ code: OPCODE.return, jt: 0, jf: 0, k: action }];
}

/** `if (A == k) then; else otherwise`. */
export function ifEqual(k: number, then: Block, otherwise: Block): Block {
  return branch(OPCODE.jumpEqual, k, then, otherwise);
}

/** `if (A >= k) then; else otherwise`, unsigned. */
export function ifAtLeast(k: number, then: Block, otherwise: Block): Block {
  return branch(OPCODE.jumpGreaterOrEqual, k, then, otherwise);
}

function branch(code: number, k: number, then: Block, otherwise: Block): Block {
  const distance = otherwise.length;
  return distance <= MAX_JUMP
    ? [{ code, jt: distance, jf: 0, k }, ...otherwise, ...then]
    : [
        { code, jt: 0, jf: 1, k },
        { code: OPCODE.jumpAlways, jt: 0, jf: 0, k: distance },
        ...otherwise,
        ...then,
      ];
}

/** The bytes bwrap's `--seccomp` and seccomp(2) take: an array of `struct sock_filter`, little-endian as both architectures are. */
export function encode(program: Block): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jt, jf, k }] of program.entries()) {
    const at = index * 8;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(jt, at + 2);
    bytes.writeUInt8(jf, at + 3);
    bytes.writeUInt32LE(k >>> 0, at + 4);
  }
  return bytes;
}
