import { type PacketReader, packet, WireError } from "./pkt-line.ts";

/** Bytes of one packet of band data (gitprotocol-pack, side-band-64k). */
const BAND_BYTES = 65_515;

/** One piece of band `number`: 1 what was asked for, 2 text for a person, 3 the last words. */
export function band(number: 1 | 2 | 3, bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BAND_BYTES)
    pieces.push(packet(Buffer.concat([Buffer.from([number]), bytes.subarray(at, at + BAND_BYTES)])));
  return Buffer.concat(pieces);
}

/**
 * What comes in band 1, up to the flush that ends all bands. `said`: band 2. Throws `WireError` with band 3's text. Lines
 * that acknowledge something before the first band (upload-pack's ACK and NAK) are passed over.
 */
export async function* bandOne(reader: PacketReader, said: (text: Buffer) => void): AsyncGenerator<Buffer> {
  for (;;) {
    const read = await reader.next();
    if (read === undefined) throw new WireError("the connection ended inside the answer");
    if (read === "flush") return;
    if (typeof read === "string") throw new WireError("a packet of the answer carries nothing");
    const bytes = read.subarray(1);
    if (read[0] === 1) yield bytes;
    else if (read[0] === 2) said(bytes);
    else if (read[0] === 3) throw new WireError(bytes.toString("utf8").trim());
    else if (!/^(?:ACK |NAK)/.test(read.toString("latin1", 0, 4))) {
      throw new WireError(
        read.toString("latin1", 0, 4) === "ERR "
          ? read.toString("utf8", 4).trim()
          : "a packet of the answer is of no band",
      );
    }
  }
}
