import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIP } from "node:net";

/**
 * Certificates for the tests' upstreams, written from X.690 and RFC 5280 and sharing nothing with the program under
 * test, so that a mistake there cannot hide here.
 */

const DAY_MS = 86_400_000;

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, body]);
}

const sequence = (...parts: readonly Buffer[]) => tlv(0x30, ...parts);
const octets = (body: Buffer) => tlv(0x04, body);
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const group = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) group.unshift(0x80 | (high & 0x7f));
    bytes.push(...group);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function commonName(text: string): Buffer {
  return sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(0x0c, Buffer.from(text)))));
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\..*/g, "");
  return tlv(0x17, Buffer.from(`${digits.slice(2)}Z`));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), octets(value));
}

function subjectAltName(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIP(name) === 4 ? tlv(0x87, Buffer.from(name.split(".").map(Number))) : tlv(0x82, Buffer.from(name)),
  );
  return extension("2.5.29.17", false, sequence(...entries));
}

function pem(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
}

export interface Credentials {
  /** PEM */
  readonly cert: string;
  /** PEM, PKCS #8 */
  readonly key: string;
}

export interface LeafOptions {
  /** days from now; default 0 - 1 */
  readonly notBeforeDays?: number;
  /** days from now; default 30; negative: expired */
  readonly notAfterDays?: number;
}

interface Shape {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly issuerPublicKey: KeyObject;
  readonly signer: KeyObject;
  readonly ca: boolean;
  readonly names: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
}

const spki = (key: KeyObject) => key.export({ type: "spki", format: "der" });
const keyId = (key: KeyObject) => createHash("sha1").update(spki(key)).digest();

function certificate(shape: Shape): string {
  const ecdsaSha256 = sequence(oid("1.2.840.10045.4.3.2"));
  const serial = randomBytes(12);
  serial[0] = 0x11;
  const extensions = shape.ca
    ? [
        extension("2.5.29.19", true, sequence(TRUE)),
        extension("2.5.29.15", true, Buffer.from([0x03, 0x02, 0x01, 0x06])),
      ]
    : [
        extension("2.5.29.15", true, Buffer.from([0x03, 0x02, 0x07, 0x80])),
        extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))),
        extension("2.5.29.35", false, sequence(tlv(0x80, keyId(shape.issuerPublicKey)))),
        subjectAltName(shape.names),
      ];
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ecdsaSha256,
    commonName(shape.issuer),
    sequence(utcTime(shape.notBefore), utcTime(shape.notAfter)),
    commonName(shape.subject),
    spki(shape.publicKey),
    tlv(0xa3, sequence(...extensions, extension("2.5.29.14", false, octets(keyId(shape.publicKey))))),
  );
  const signature = sign("sha256", tbs, shape.signer);
  return pem("CERTIFICATE", sequence(tbs, ecdsaSha256, tlv(0x03, Buffer.from([0]), signature)));
}

const newKey = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const keyPem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();

/** A throw-away root; `leaf` signs a server certificate for the names and IPv4 addresses given. */
export class TestCa {
  readonly name: string;
  readonly cert: string;
  readonly #publicKey: KeyObject;
  readonly #privateKey: KeyObject;

  constructor(name = "bot-bottle tests") {
    const { publicKey, privateKey } = newKey();
    this.name = name;
    this.#publicKey = publicKey;
    this.#privateKey = privateKey;
    this.cert = certificate({
      subject: name,
      issuer: name,
      publicKey,
      issuerPublicKey: publicKey,
      signer: privateKey,
      ca: true,
      names: [],
      notBefore: Date.now() - DAY_MS,
      notAfter: Date.now() + 30 * DAY_MS,
    });
  }

  leaf(names: readonly string[], options: LeafOptions = {}): Credentials {
    const { publicKey, privateKey } = newKey();
    const cert = certificate({
      subject: names[0] ?? "unnamed",
      issuer: this.name,
      publicKey,
      issuerPublicKey: this.#publicKey,
      signer: this.#privateKey,
      ca: false,
      names,
      notBefore: Date.now() + (options.notBeforeDays ?? -1) * DAY_MS,
      notAfter: Date.now() + (options.notAfterDays ?? 30) * DAY_MS,
    });
    return { cert, key: keyPem(privateKey) };
  }

  /** A certificate that vouches for itself. */
  static selfSigned(names: readonly string[]): Credentials {
    const { publicKey, privateKey } = newKey();
    const subject = names[0] ?? "unnamed";
    const cert = certificate({
      subject,
      issuer: subject,
      publicKey,
      issuerPublicKey: publicKey,
      signer: privateKey,
      ca: false,
      names,
      notBefore: Date.now() - DAY_MS,
      notAfter: Date.now() + 30 * DAY_MS,
    });
    return { cert, key: keyPem(createPrivateKey(keyPem(privateKey))) };
  }
}
