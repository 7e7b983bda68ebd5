/** What a filter says of one call: an action of seccomp(2), its data apart. */
export interface Answer {
  readonly action: "allow" | "kill" | "errno";
  readonly errno: number;
}

export interface Call {
  readonly arch: number;
  readonly number: number;
  readonly args?: readonly (number | bigint)[];
}

/** Runs a seccomp filter's bytes as the kernel's interpreter does; throws on anything the kernel would refuse to load. */
export function runFilter(program: Buffer, call: Call): Answer {
  const data = Buffer.alloc(64);
  data.writeInt32LE(call.number | 0, 0);
  data.writeUInt32LE(call.arch, 4);
  for (const [index, value] of (call.args ?? []).entries()) {
    data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 16 + index * 8);
  }
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at++) {
    const code = program.readUInt16LE(at * 8);
    const [jt, jf] = [program.readUInt8(at * 8 + 2), program.readUInt8(at * 8 + 3)];
    const k = program.readUInt32LE(at * 8 + 4);
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) at += k;
    else if (code === 0x15) at += accumulator === k ? jt : jf;
    else if (code === 0x35) at += accumulator >= k ? jt : jf;
    else if (code === 0x06) return answer(k);
    else throw new Error(`instruction ${at}: unknown code ${code}`);
  }
  throw new Error("the filter runs off its end");
}

function answer(value: number): Answer {
  const kind = (value & 0xffff0000) >>> 0;
  if (kind === 0x7fff0000) return { action: "allow", errno: 0 };
  if (kind === 0x80000000) return { action: "kill", errno: 0 };
  if (kind === 0x00050000) return { action: "errno", errno: value & 0xffff };
  throw new Error(`unknown action ${value.toString(16)}`);
}
