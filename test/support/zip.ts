import { crc32, deflateRawSync } from "node:zlib";

/** One entry, its local header and the central directory (APPNOTE 4.3). */
export function zip(name: string, content: Buffer, deflated: boolean): Buffer {
  const data = deflated ? deflateRawSync(content) : content;
  const names = Buffer.from(name, "latin1");
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(deflated ? 8 : 0, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(names.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, names, data]);
  const central = Buffer.concat([
    Buffer.from("PK\x01\x02\x14\x00", "latin1"),
    common,
    Buffer.alloc(14),
    names,
  ]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
