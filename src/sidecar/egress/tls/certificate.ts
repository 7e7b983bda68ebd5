import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIP, isIPv4 } from "node:net";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from "./der.ts";

const ECDSA_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
const SERVER_AUTH = sequence(objectIdentifier("1.3.6.1.5.5.7.3.1"));
const COMMON_NAME = objectIdentifier("2.5.4.3");
const ORGANIZATION = objectIdentifier("2.5.4.10");

/** What is certified. Times in milliseconds since 1970; keys P-256. */
export interface CertificateRequest {
  /** its common name; a leaf needs none, its hosts are in the subject alternative names */
  readonly commonName?: string;
  readonly publicKey: KeyObject;
  /** absent: self-signed by `issuerKey`, the private half of `publicKey` */
  readonly issuer?: { readonly commonName: string; readonly publicKey: KeyObject };
  readonly issuerKey: KeyObject;
  readonly notBefore: number;
  readonly notAfter: number;
  /** a CA of path length 0; else a TLS server's certificate for `hosts` */
  readonly ca: boolean;
  /** DNS names and IP addresses */
  readonly hosts: readonly string[];
}

/**
 * An X.509 v3 certificate (RFC 5280), DER. Strict verifiers (OpenSSL `-x509_strict`, Go, webpki, Python 3.13) want:
 * subject and authority key identifiers, critical basicConstraints and keyUsage, a positive serial of at most
 * 20 octets, a subject that is not empty.
 */
export function createCertificate(request: CertificateRequest): Buffer {
  const issuerName = name(request.issuer?.commonName ?? request.commonName);
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial()),
    ECDSA_SHA256,
    issuerName,
    sequence(time(request.notBefore), time(request.notAfter)),
    name(request.commonName),
    spki(request.publicKey),
    explicit(3, sequence(...extensions(request))),
  );
  return sequence(body, ECDSA_SHA256, bitString(sign("sha256", body, request.issuerKey)));
}

/** DER as the PEM that OpenSSL and Node read. */
export function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** 16 random octets, the top bit clear and the next one set: positive and never shorter. */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function name(commonName: string | undefined): Buffer {
  const organization = set(sequence(ORGANIZATION, utf8String("bot-bottle")));
  if (commonName === undefined) return sequence(organization);
  return sequence(organization, set(sequence(COMMON_NAME, utf8String(commonName.slice(0, 64)))));
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

/** RFC 7093 §2 method 1: the leftmost 160 bits of the SHA-256 of the key's bits; a P-256 point is the last 65 octets. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash("sha256").update(spki(key).subarray(-65)).digest().subarray(0, 20);
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  const id = objectIdentifier(oid);
  return critical ? sequence(id, boolean(true), octetString(value)) : sequence(id, octetString(value));
}

function extensions(request: CertificateRequest): Buffer[] {
  const authority = request.issuer?.publicKey ?? request.publicKey;
  const list = [
    extension(
      "2.5.29.19",
      true,
      request.ca ? sequence(boolean(true), integer(Buffer.from([0]))) : sequence(),
    ),
    // keyCertSign is bit 5, digitalSignature bit 0, both counted from the top
    extension(
      "2.5.29.15",
      true,
      request.ca ? bitString(Buffer.from([0x04]), 2) : bitString(Buffer.from([0x80]), 7),
    ),
    extension("2.5.29.37", false, SERVER_AUTH),
    extension("2.5.29.14", false, octetString(keyIdentifier(request.publicKey))),
    extension("2.5.29.35", false, sequence(implicit(0, keyIdentifier(authority)))),
  ];
  if (request.hosts.length > 0)
    list.push(extension("2.5.29.17", false, sequence(...request.hosts.map(generalName))));
  return list;
}

function generalName(host: string): Buffer {
  return isIP(host) === 0 ? implicit(2, Buffer.from(host, "latin1")) : implicit(7, addressBytes(host));
}

/** 4 or 16 octets; the address has no zone. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  // The URL parser writes an address as groups of hex digits, `::` at most once, and no dotted tail.
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":").map((g) => Number.parseInt(g, 16)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((g) => [g >> 8, g & 0xff]));
}
