import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

/**
 * What upstreams are verified against: Node's bundled roots, the system's store where it can be read, and the
 * operator's own (`extra`, PEM). Made once: parsing the roots takes milliseconds and megabytes.
 */
export function createTrust(extra: string | undefined): SecureContext {
  const roots = new Set(getCACertificates("bundled"));
  try {
    for (const root of getCACertificates("system")) roots.add(root);
  } catch {
    // no system store inside the sidecar's own confinement
  }
  return createSecureContext({
    ca: extra === undefined ? [...roots] : [...roots, extra],
    minVersion: "TLSv1.2",
  });
}
