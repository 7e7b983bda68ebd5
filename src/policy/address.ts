import { isIPv4, isIPv6 } from "node:net";

type Range = readonly [cidr: string, reason: string];

// IANA special-purpose registries (RFC 6890 and after). The documentation blocks 192.0.2.0/24, 198.51.100.0/24 and
// 203.0.113.0/24 are not in here: no route leads anywhere from them, and a test network can stand on them.
const IPV4_REFUSED: readonly Range[] = [
  ["0.0.0.0/8", "an address of this network"],
  ["10.0.0.0/8", "a private address"],
  ["100.64.0.0/10", "a shared (carrier NAT) address"],
  ["127.0.0.0/8", "a loopback address"],
  ["168.63.129.16/32", "a cloud's metadata address"],
  ["169.254.0.0/16", "a link-local address"],
  ["172.16.0.0/12", "a private address"],
  ["192.0.0.0/24", "an IETF protocol address"],
  ["192.88.99.0/24", "a 6to4 relay address"],
  ["192.168.0.0/16", "a private address"],
  ["198.18.0.0/15", "a benchmarking address"],
  ["224.0.0.0/4", "a multicast address"],
  ["240.0.0.0/4", "a reserved address"],
];

// Only 2000::/3 is global unicast (RFC 4291 §2.4): all else is refused but for the two embeddings read below.
const IPV6_REFUSED: readonly Range[] = [
  ["2001::/32", "a Teredo address"],
  ["2001:2::/48", "a benchmarking address"],
  ["2001:10::/28", "an ORCHID identifier"],
  ["2001:20::/28", "an ORCHID identifier"],
  ["2002::/16", "a 6to4 address"],
  ["3fff::/20", "a documentation address"],
  ["::1/128", "a loopback address"],
  ["::/128", "the unspecified address"],
  ["::/96", "an IPv4-compatible address"],
  ["64:ff9b:1::/48", "a local translation address"],
  ["100::/64", "a discard-only address"],
  ["fc00::/7", "a private address"],
  ["fe80::/10", "a link-local address"],
  ["fec0::/10", "a site-local address"],
  ["ff00::/8", "a multicast address"],
];

interface Block {
  readonly bytes: Uint8Array;
  readonly bits: number;
  readonly reason: string;
}

const V4_BLOCKS = IPV4_REFUSED.map(block);
const V6_BLOCKS = IPV6_REFUSED.map(block);
const MAPPED = block(["::ffff:0:0/96", ""]);
const NAT64 = block(["64:ff9b::/96", ""]);
const GLOBAL_UNICAST = block(["2000::/3", ""]);
const BROADCAST = "255.255.255.255";

/**
 * Whether the dialler may connect to an address (DESIGN §4): `public`, or why
 * not as a noun phrase (`a loopback address`). IPv4-mapped addresses and those of
 * the well-known NAT64 prefix (RFC 6052) fare as the IPv4 address in them; other forms that embed one are refused.
 * `own`: addresses of this host, refused whatever they are. Text that is no address is refused.
 */
export function classifyAddress(address: string, own: readonly string[] = []): string {
  const bytes = addressBytes(address);
  if (bytes === undefined) return "no IP address";
  const plain = embedded(bytes);
  for (const mine of own) {
    const other = addressBytes(mine.replace(/%.*$/, ""));
    if (other !== undefined && equal(embedded(other), plain)) return "an address of this host";
  }
  if (plain.length === 4) {
    if (address === BROADCAST) return "the broadcast address";
    return V4_BLOCKS.find((range) => contains(range, plain))?.reason ?? "public";
  }
  const refused = V6_BLOCKS.find((range) => contains(range, plain));
  if (refused !== undefined) return refused.reason;
  if (!contains(GLOBAL_UNICAST, plain)) return "not a global unicast address";
  return isIsatap(plain) ? "an ISATAP address" : "public";
}

/** The IPv4 address inside a mapped or NAT64 address; any other as it is. */
function embedded(bytes: Uint8Array): Uint8Array {
  return bytes.length === 16 && (contains(MAPPED, bytes) || contains(NAT64, bytes))
    ? bytes.subarray(12)
    : bytes;
}

/** Interface identifier `0:5efe` or `200:5efe` before an IPv4 address (RFC 5214 §6.1). */
function isIsatap(bytes: Uint8Array): boolean {
  const first = bytes[8];
  return (first === 0 || first === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
}

/** Four or sixteen bytes; undefined: no address, or one with a zone. */
function addressBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIPv6(text) || text.includes("%")) return undefined;
  const [left = "", right] = text.split("::");
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const zeros = Array<number>(16 - head.length - tail.length).fill(0);
  return Uint8Array.from([...head, ...zeros, ...tail]);
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function block([cidr, reason]: Range): Block {
  const [address = "", bits = ""] = cidr.split("/");
  return { bytes: addressBytes(address) ?? new Uint8Array(), bits: Number(bits), reason };
}

function contains({ bytes, bits }: Block, address: Uint8Array): boolean {
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== address[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (bytes[whole] ?? 0) >> (8 - rest) === (address[whole] ?? 0) >> (8 - rest);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
