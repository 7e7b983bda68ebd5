import {
  ALLOW,
  type Block,
  ENOSYS,
  EPERM,
  errno,
  ifAtLeast,
  ifEqual,
  KILL_PROCESS,
  load,
  returns,
} from "./bpf.ts";
import { type Architecture, SYSCALLS } from "./syscalls.ts";

/** What a filter does with one call: let it through, or a block that looks at its arguments. */
export type Rule = "allow" | Block;

/** AUDIT_ARCH_* of linux/audit.h. */
const AUDIT_ARCH: Readonly<Record<Architecture, number>> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };

/** Offsets in `struct seccomp_data`. */
const NUMBER_OFFSET = 0;
const ARCH_OFFSET = 4;

/** x32 calls run on the x86-64 entry with this bit set: a second table that no rule looks at. */
const X32_BIT = 0x40000000;

/** A tracer puts -1 there to skip a call; the kernel answers ENOSYS itself. */
const SKIPPED = 0xffffffff;

/** Offset of the low 32 bits of argument `index`: what the kernel looks at where a parameter is an int. */
export function argument(index: number): number {
  return 16 + index * 8;
}

interface Range {
  /** first number of the range; it goes on to the next range's */
  readonly from: number;
  readonly block: Block;
}

/**
 * Assembles a default-deny filter. A call not named in `rules` fails with EPERM; one this table does not know fails with
 * ENOSYS, so that a libc falls back to the older one. Calls of another architecture, 32-bit and x32 included, end the
 * process: nothing that runs in a bottle needs them, and every rule would have to be kept twice.
 */
export function assembleFilter(architecture: Architecture, rules: ReadonlyMap<string, Rule>): Block {
  const tree = decide(ranges(architecture, rules));
  const numbers: Block =
    architecture === "x86_64"
      ? ifAtLeast(X32_BIT, ifEqual(SKIPPED, returns(errno(ENOSYS)), returns(KILL_PROCESS)), tree)
      : tree;
  const known: Block = [load(NUMBER_OFFSET), ...numbers];
  return [load(ARCH_OFFSET), ...ifEqual(AUDIT_ARCH[architecture], known, returns(KILL_PROCESS))];
}

const ALLOWED = returns(ALLOW);
const REFUSED = returns(errno(EPERM));
const UNKNOWN = returns(errno(ENOSYS));

function ranges(architecture: Architecture, rules: ReadonlyMap<string, Rule>): readonly Range[] {
  const names = new Map<number, string>();
  for (const [name, number] of SYSCALLS[architecture]) names.set(number, name);
  const highest = Math.max(...names.keys());
  const result: Range[] = [];
  for (let number = 0; number <= highest + 1; number++) {
    const name = names.get(number);
    const block = name === undefined ? UNKNOWN : blockOf(rules.get(name));
    if (result.at(-1)?.block !== block) result.push({ from: number, block });
  }
  return result;
}

function blockOf(rule: Rule | undefined): Block {
  if (rule === undefined) return REFUSED;
  return rule === "allow" ? ALLOWED : rule;
}

/** A balanced tree of comparisons on the call's number, which is in the accumulator. */
function decide(list: readonly Range[]): Block {
  const middle = list[list.length >> 1];
  const only = list[0];
  if (only === undefined || middle === undefined) return UNKNOWN;
  if (list.length === 1) return only.block;
  const half = list.length >> 1;
  return ifAtLeast(middle.from, decide(list.slice(half)), decide(list.slice(0, half)));
}
