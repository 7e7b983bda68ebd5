import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { architecture } from "./architecture.ts";
import { certificates, subjectHash } from "./ca-folder.ts";
import { agentFilter } from "./seccomp/agent-policy.ts";
import { encode } from "./seccomp/bpf.ts";
import { sidecarFilter } from "./seccomp/sidecar-policy.ts";

/** Who the agent is inside, whatever uid the kernel runs it as. */
export const AGENT_UID = 1000;
export const AGENT_GID = 1000;
const AGENT_USER = "agent";
const AGENT_HOME = "/home/agent";
export const HOSTNAME = "bottle";

/** Any address is the sidecar's; this one is written into resolv.conf. */
const NAME_SERVER = "198.18.0.53";

/** The backend's small files in a bottle's `scratch`. */
export interface ScratchPaths {
  readonly etc: string;
  readonly certs: string;
  readonly agentFilter: string;
  readonly sidecarFilter: string;
  /** what bwrap says of the sandbox it made, and the word `started` */
  readonly status: string;
  /** a FIFO: the program starts when a line comes through it */
  readonly gate: string;
}

export function scratchPaths(scratch: string): ScratchPaths {
  const etc = join(scratch, "etc");
  return {
    etc,
    certs: join(etc, "certs"),
    agentFilter: join(scratch, "agent.bpf"),
    sidecarFilter: join(scratch, "sidecar.bpf"),
    status: join(scratch, "status.json"),
    gate: join(scratch, "gate"),
  };
}

const ETC: Readonly<Record<string, string>> = {
  passwd: `root:x:0:0:root:/root:/bin/sh\n${AGENT_USER}:x:${AGENT_UID}:${AGENT_GID}:agent:${AGENT_HOME}:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
  group: `root:x:0:\n${AGENT_USER}:x:${AGENT_GID}:\nnogroup:x:65534:\n`,
  hosts: `127.0.0.1 localhost ${HOSTNAME}\n::1 localhost ip6-localhost ip6-loopback\n`,
  hostname: `${HOSTNAME}\n`,
  "resolv.conf": `nameserver ${NAME_SERVER}\noptions timeout:2 attempts:2\n`,
  "nsswitch.conf":
    "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\nrpc: files\nethers: files\n",
};

/** Writes what the sandbox binds, but for the certificates. */
export function writeScratch(scratch: string, nested: boolean): void {
  const paths = scratchPaths(scratch);
  mkdirSync(paths.certs, { recursive: true, mode: 0o755 });
  for (const [name, content] of Object.entries(ETC)) write(join(paths.etc, name), content);
  // bound before the bottle's CA is known, and filled then
  write(join(paths.certs, "ca-certificates.crt"), "");
  write(paths.agentFilter, encode(agentFilter(architecture(), { nested })));
}

export function writeSidecarFilter(scratch: string): string {
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const path = scratchPaths(scratch).sidecarFilter;
  write(path, encode(sidecarFilter(architecture())));
  return path;
}

/** The bundle as the system's trust store, and its first and last certificate (the bottle's CA is one) by hash. */
export function writeCertificates(scratch: string, bundle: string): void {
  const { certs } = scratchPaths(scratch);
  write(join(certs, "ca-certificates.crt"), bundle);
  const all = certificates(bundle);
  const [first, last] = [all[0], all.at(-1)];
  const named = new Map<string, string>();
  for (const pem of new Set([first, last])) {
    if (pem === undefined) continue;
    const hash = subjectHash(pem);
    named.set(`${hash}.${named.has(`${hash}.0`) ? 1 : 0}`, pem);
  }
  for (const [name, pem] of named) write(join(certs, name), `${pem}\n`);
}

export function removeScratch(scratch: string): void {
  const { etc, certs, agentFilter, sidecarFilter, status, gate } = scratchPaths(scratch);
  for (const path of [etc, certs, agentFilter, sidecarFilter, status, gate])
    rmSync(path, { recursive: true, force: true });
}

/** Readable by all inside, whatever the operator's umask is; the folder around it is private. */
function write(path: string, content: string | Buffer): void {
  writeFileSync(path, content);
  chmodSync(path, 0o644);
}
