import { type GitJob, SSH_SERVICES } from "./programs.ts";

/** A repository's name as the manifest lets it be. */
const REPO = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}$/;
/** A push's, made by the sidecar. */
const PUSH = /^[0-9a-f]{12}$/;
const OID = /^[0-9a-f]{64}$/;
/** Git-Protocol (gitprotocol-v2): `version=2`, with more after a colon in time. */
const PROTOCOL = /^(?:[a-z0-9=:-]{1,100})?$/;
/** Bytes of a gitleaks configuration. */
const MAX_CONFIG = 1024 * 1024;

/**
 * What a sidecar asks its launcher to run, read as what it must be: the launcher trusts none of it. `repos`: the names
 * there are. Undefined: no such job.
 */
export function readGitJob(value: unknown, repos: ReadonlySet<string>): GitJob | undefined {
  const said = new Fields(value);
  const op = said.text("op", /^[a-z-]{1,20}$/);
  if (op === "gitleaks") {
    const config = said.long("config", MAX_CONFIG);
    return config === undefined ? undefined : { op, config };
  }
  const repo = said.text("repo", REPO);
  if (repo === undefined || !repos.has(repo)) return undefined;
  switch (op) {
    case "mirror-state":
    case "mirror-index":
    case "mirror-refs":
    case "mirror-tidy":
    case "mirror-has":
    case "mirror-read":
    case "sign":
    case "connect-twice":
      return { op, repo };
    case "mirror-reset": {
      const format = said.text("format", /^(?:sha1|sha256)$/);
      return format === undefined ? undefined : { op, repo, format: format === "sha256" ? "sha256" : "sha1" };
    }
    case "upload-pack": {
      const protocol = said.text("protocol", PROTOCOL);
      return protocol === undefined ? undefined : { op, repo, protocol, advertise: said.flag("advertise") };
    }
    case "receive-pack":
    case "inspect":
    case "push-ancestor":
    case "push-moved":
    case "pack-objects":
    case "write-objects":
    case "discard": {
      const push = said.text("push", PUSH);
      return push === undefined ? undefined : { op, repo, push };
    }
    case "connect": {
      const wanted = said.text("service", /^[a-z -]{1,40}$/);
      const service = SSH_SERVICES.find((name) => name === wanted);
      return service && { op, repo, service };
    }
    case "lfs-write":
    case "lfs-read":
    case "lfs-remove": {
      const oid = said.text("oid", OID);
      return oid === undefined ? undefined : { op, repo, oid };
    }
    default:
      return undefined;
  }
}

/** The fields of something that came as JSON. */
class Fields {
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    this.#values = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  }

  text(name: string, shape: RegExp): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "string" && shape.test(value) ? value : undefined;
  }

  /** Any text of `most` characters. */
  long(name: string, most: number): string | undefined {
    const value = this.#values.get(name);
    return typeof value === "string" && value.length <= most ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }
}
