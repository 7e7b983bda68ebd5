import type { Refs } from "../mirror/mirror.ts";
import { FLUSH, packet } from "./pkt-line.ts";

/** What a push may ask of the gate. */
const CAPABILITIES = [
  ...["report-status", "report-status-v2", "delete-refs", "side-band-64k", "quiet", "atomic", "ofs-delta"],
  ...["push-options", "agent=bot-bottle"],
];

/** What a `git receive-pack` over an upstream's refs would say first (gitprotocol-pack, reference discovery). */
export function encodeReceiveAdvertisement({ refs, format }: Refs): Buffer {
  const capabilities = [...CAPABILITIES, `object-format=${format}`].join(" ");
  const names = [...refs.keys()].filter((name) => name.startsWith("refs/")).sort();
  const [first, ...rest] = names.map((name) => `${refs.get(name)} ${name}`);
  const none = `${"0".repeat(format === "sha256" ? 64 : 40)} capabilities^{}`;
  return Buffer.concat([
    packet("# service=git-receive-pack\n"),
    FLUSH,
    packet(`${first ?? none}\0${capabilities}\n`),
    ...rest.map((line) => packet(`${line}\n`)),
    FLUSH,
  ]);
}
