import { mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import type { AgentProcess, AgentSpec, Backend, Place, PlaceSpec } from "../../../src/backends/backend.ts";
import { createLinuxBackend } from "../../../src/backends/linux/index.ts";
import { LIMITS } from "./limits.ts";

export const CODE_FOLDER = join(import.meta.dirname, "..", "..", "..", "src", "backends", "linux");

export const backend: Backend = createLinuxBackend({ nodePath: process.execPath, codeFolder: CODE_FOLDER });

export interface Made {
  readonly place: Place;
  readonly home: string;
  readonly workspace: string;
  readonly servers: readonly Server[];
}

/** Opens a bottle in `folder`; each of its TCP ports answers with the address that was dialled. */
export async function makeBottle(folder: string, spec: Partial<PlaceSpec>): Promise<Made> {
  const root = mkdtempSync(join(folder, "b-"));
  const [home, workspace] = [join(root, "home"), join(root, "workspace")];
  mkdirSync(home);
  mkdirSync(workspace);
  const place = await backend.open({
    id: root.slice(-6),
    ports: [80, 443],
    mounts: [
      { source: home, target: "/home/agent", writable: true },
      { source: workspace, target: "/workspace", writable: true },
    ],
    scratch: join(root, "scratch"),
    limits: LIMITS,
    nested: false,
    ...spec,
  });
  const servers = place.sockets.flatMap(({ kind, handle }) => {
    if (kind === "udp") {
      (handle as { close(): void }).close();
      return [];
    }
    const server = createServer((socket) =>
      socket.on("error", () => undefined).end(`dialled ${socket.localAddress}\n`),
    );
    return [server.listen(handle as object).unref()];
  });
  return { place, home, workspace, servers };
}

export function agentSpec(command: readonly string[], more: Partial<AgentSpec> = {}): AgentSpec {
  return {
    command,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME: "/home/agent" },
    cwd: "/workspace",
    caBundle: readFileSync("/etc/ssl/certs/ca-certificates.crt", "utf8"),
    terminal: undefined,
    ...more,
  };
}

export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly code: number;
  readonly reason?: string;
}

const KEPT = 1024 * 1024;

/** Waits for a program's end and its output, the first MiB of it. */
export async function collect(agent: AgentProcess): Promise<Ended> {
  const text = async (stream: NodeJS.ReadableStream | undefined) => {
    let all = "";
    for await (const chunk of stream ?? []) if (all.length < KEPT) all += String(chunk);
    return all;
  };
  const [out, err, end] = await Promise.all([text(agent.stdout), text(agent.stderr), agent.exited]);
  return { out, err, ...end };
}
