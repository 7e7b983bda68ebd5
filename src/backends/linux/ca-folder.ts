import { createHash, X509Certificate } from "node:crypto";

/**
 * OpenSSL looks a CA up as HASH.0 in its certificate folder, HASH being the first four bytes, little-endian, of the SHA-1
 * over the subject's canonical form (X509_NAME_hash(3), x509_name_canon in crypto/x509/x_name.c): every string as a
 * UTF8String, ASCII letters in lower case, white space at the ends removed and inside reduced to one space.
 * The bottle's CA needs such a name; a program that reads only the folder would not find it in the bundle.
 */
export function subjectHash(pem: string): string {
  const subject = subjectOf(new X509Certificate(pem).raw);
  const canonical = Buffer.concat(children(subject).map(canonicalSet));
  return createHash("sha1").update(canonical).digest().readUInt32LE(0).toString(16).padStart(8, "0");
}

/** The certificates of a PEM bundle, in its order. */
export function certificates(bundle: string): readonly string[] {
  return bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const UTF8_STRING = 0x0c;
const BMP_STRING = 0x1e;
const UNIVERSAL_STRING = 0x1c;
/** PrintableString, T61String, IA5String, VisibleString: one byte a character, all but T61 ASCII. */
const BYTE_STRINGS = [0x13, 0x14, 0x16, 0x1a];
const VERSION = 0xa0;

function subjectOf(certificate: Buffer): Buffer {
  const toBeSigned = children(only(certificate).content)[0];
  const fields = toBeSigned === undefined ? [] : children(toBeSigned.content);
  // version (absent in v1), serialNumber, signature, issuer, validity, subject: RFC 5280 §4.1
  const subject = fields[fields[0]?.tag === VERSION ? 5 : 4];
  if (subject?.tag !== SEQUENCE) throw new Error("certificate without a subject");
  return subject.content;
}

function canonicalSet(set: Element): Buffer {
  const attributes = children(set.content).map((attribute) => {
    const [type, value] = children(attribute.content);
    if (type === undefined || value === undefined) throw new Error("certificate name without a value");
    return encode(SEQUENCE, Buffer.concat([encode(type.tag, type.content), canonicalValue(value)]));
  });
  return encode(SET, Buffer.concat(attributes));
}

function canonicalValue({ tag, content }: Element): Buffer {
  const text = stringOf(tag, content);
  if (text === undefined) return encode(tag, content);
  const canonical = text
    .replace(/^[\t-\r ]+|[\t-\r ]+$/g, "")
    .replace(/[\t-\r ]+/g, " ")
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return encode(UTF8_STRING, Buffer.from(canonical, "utf8"));
}

function stringOf(tag: number, content: Buffer): string | undefined {
  if (tag === UTF8_STRING) return content.toString("utf8");
  if (BYTE_STRINGS.includes(tag)) return content.toString("latin1");
  if (tag === BMP_STRING) return Buffer.from(content).swap16().toString("utf16le");
  if (tag === UNIVERSAL_STRING) {
    return Array.from({ length: content.length / 4 }, (_, i) =>
      String.fromCodePoint(content.readUInt32BE(i * 4)),
    ).join("");
  }
  return undefined;
}

function only(bytes: Buffer): Element {
  const first = children(bytes)[0];
  if (first === undefined) throw new Error("empty DER");
  return first;
}

/** DER, X.690 §8.1: tag, length in short or long form, content. */
function children(bytes: Buffer): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at);
    const short = bytes.readUInt8(at + 1);
    const extra = short < 0x80 ? 0 : short & 0x7f;
    const length = extra === 0 ? short : bytes.readUIntBE(at + 2, extra);
    const start = at + 2 + extra;
    if (start + length > bytes.length) throw new Error("truncated DER");
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

function encode(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}
