import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

/** What upstreams are verified against. Made when first asked for: reading the stores takes tens of milliseconds. */
export interface Trust {
  /** the roots known so far: Node's own and the operator's, and the system's once they were loaded */
  context(): SecureContext;
  /**
   * Adds the system's store, which is slow to read and rarely needed besides Node's roots. False: it is loaded
   * already, there is nothing more to trust.
   */
  loadSystem(): boolean;
}

/** `extra`: the operator's own roots, PEM. */
export function createTrust(extra: string | undefined): Trust {
  let current: SecureContext | undefined;
  let systemLoaded = false;
  const make = (ca: readonly string[] | undefined) =>
    createSecureContext({ ...(ca === undefined ? {} : { ca: [...ca] }), minVersion: "TLSv1.2" });
  const operators = extra === undefined ? [] : [extra];
  return {
    context() {
      // Without `ca` the context shares Node's store instead of parsing it again.
      current ??= make(extra === undefined ? undefined : [...getCACertificates("bundled"), ...operators]);
      return current;
    },
    loadSystem() {
      if (systemLoaded) return false;
      systemLoaded = true;
      const roots = new Map<string, string>();
      for (const root of [...getCACertificates("bundled"), ...systemRoots()])
        roots.set(root.replace(/\s/g, ""), root);
      current = make([...roots.values(), ...operators]);
      return true;
    },
  };
}

function systemRoots(): readonly string[] {
  try {
    return getCACertificates("system");
  } catch {
    return []; // no system store inside the sidecar's own confinement
  }
}
