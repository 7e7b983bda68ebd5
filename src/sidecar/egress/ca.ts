import { generateKeyPairSync } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { CA_DAYS, LEAF_COUNT, LEAF_DAYS } from "./limits.ts";
import { createCertificate, pem } from "./tls/certificate.ts";

const DAY = 86_400_000;
/** A bottle whose clock is a little behind still accepts what was just minted. */
const CLOCK_SKEW = 3_600_000;

/** The bottle's own CA. Its key exists in this process's memory only. */
export interface CertificateAuthority {
  /** what the bottle trusts */
  readonly certificatePem: string;
  /**
   * A TLS server context for a host name or IP address, minted on first use and kept for the next connection, so
   * that sessions resume. Undefined: the text is neither, no certificate can name it. `now`: ms since 1970.
   */
  contextFor(host: string, now: number): SecureContext | undefined;
}

interface Leaf {
  readonly context: SecureContext;
  readonly renewAt: number;
}

/** Makes the CA of the bottle `name`: P-256, path length 0, valid `CA_DAYS` from `now` (ms since 1970). */
export function createCertificateAuthority(options: { name: string; now: number }): CertificateAuthority {
  const ca = generateKeyPairSync("ec", { namedCurve: "P-256" });
  // One key for all leaves: every one of them ends in this process anyway, and a key costs more than a signature.
  const leafKey = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const leafKeyPem = leafKey.privateKey.export({ type: "pkcs8", format: "pem" });
  const commonName = `bot-bottle CA ${options.name}`.slice(0, 64);
  const end = options.now + CA_DAYS * DAY;
  const certificatePem = pem(
    createCertificate({
      commonName,
      publicKey: ca.publicKey,
      issuerKey: ca.privateKey,
      notBefore: options.now - CLOCK_SKEW,
      notAfter: end,
      ca: true,
      hosts: [],
    }),
  );
  const leaves = new Map<string, Leaf>();

  function mint(host: string, now: number): Leaf {
    const notAfter = Math.min(now + LEAF_DAYS * DAY, end);
    const certificate = createCertificate({
      publicKey: leafKey.publicKey,
      issuer: { commonName, publicKey: ca.publicKey },
      issuerKey: ca.privateKey,
      notBefore: now - CLOCK_SKEW,
      notAfter,
      ca: false,
      hosts: [host],
    });
    const context = createSecureContext({
      key: leafKeyPem,
      cert: pem(certificate),
      minVersion: "TLSv1.2",
      honorCipherOrder: true,
      // The connection never leaves the host: the cheapest of the strong suites and groups come first.
      ciphers: CIPHERS,
      ecdhCurve: "X25519:P-256:P-384",
    });
    return { context, renewAt: notAfter - DAY };
  }

  return {
    certificatePem,
    contextFor(text, now) {
      const host = certifiableHost(text);
      if (host === undefined) return undefined;
      let leaf = leaves.get(host);
      if (leaf && leaf.renewAt > now) {
        // Map keeps insertion order: the first key is the one used longest ago.
        leaves.delete(host);
      } else {
        leaf = mint(host, now);
        const oldest = leaves.size >= LEAF_COUNT ? leaves.keys().next().value : undefined;
        if (oldest !== undefined) leaves.delete(oldest);
      }
      leaves.set(host, leaf);
      return leaf.context;
    },
  };
}

const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
].join(":");

/** A host as a certificate may carry it, or undefined. Wider than a host name (underscores), narrower than a ClientHello. */
function certifiableHost(text: string): string | undefined {
  if (isIP(text) !== 0) return text.includes("%") ? undefined : text;
  const host = text.toLowerCase();
  return host.length <= 253 && /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(host) ? host : undefined;
}
