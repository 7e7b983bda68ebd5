import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "../../../src/base/fault.ts";
import { Secret } from "../../../src/base/secret.ts";
import { type ForgeNetwork, openForgeNetwork } from "../../../src/launch/git-keys/forge-client.ts";
import type { ForgeName } from "../../../src/launch/git-keys/forges.ts";
import { type LeftKeys, revokeLeftKeys } from "../../../src/launch/git-keys/left-keys.ts";
import { type GitKeys, obtainKeys } from "../../../src/launch/git-keys/obtain-keys.ts";
import { type HomePaths, homePaths } from "../../../src/launch/paths.ts";
import type { OperatorIo } from "../../../src/launch/request.ts";
import type { GitRepoPlan } from "../../../src/plan/git.ts";
import type { ForgeApiServer } from "./forge-api-server.ts";

/** Not one of any forge's shapes. */
export const TOKEN = ["forge", "token", "of", "the", "tests"].join("-");
export const TOKEN_NAME = "FORGE_TOKEN";

export function repoPlan(
  name: string,
  provider: ForgeName,
  more: Partial<GitRepoPlan> = {},
  apiUrl = "https://forge.example.com",
): GitRepoPlan {
  return {
    name,
    url: `ssh://git@forge.example.com/team/${name}.git`,
    upstream: { scheme: "ssh", user: "git", host: "forge.example.com", port: 22, path: `/team/${name}.git` },
    key: { provider, secret: TOKEN_NAME, apiUrl },
    hostKey: undefined,
    push: { allow: [], force: false, delete: false, tags: false, hold: [] },
    scanner: undefined,
    sign: undefined,
    source: "dev.md:12",
    ...more,
  };
}

/** A launcher that is gone. */
export const DEAD = { pid: 1, started: "never" };

/** An operator's home, and the sessions started in it. */
export class KeySessions implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "git-keys-"));
  readonly home: HomePaths = homePaths(this.root);
  readonly #forge: ForgeApiServer;

  constructor(forge: ForgeApiServer) {
    this.#forge = forge;
    writeFileSync(join(this.root, "ca.pem"), forge.ca.cert);
    const upstream = `upstream:\n  ca_file: ${join(this.root, "ca.pem")}\n  resolve: {"forge.example.com:443": "127.0.0.1:${forge.port}"}\n`;
    writeFileSync(this.home.settings, upstream, { mode: 0o600 });
  }

  network(deadline?: number): ForgeNetwork {
    return openForgeNetwork(this.#forge.upstream(), deadline);
  }

  obtain(
    repos: readonly GitRepoPlan[],
    more: { readonly token?: string; readonly network?: ForgeNetwork } = {},
  ): Promise<GitKeys> {
    return obtainKeys(repos, {
      home: this.home,
      id: "dev-abc12",
      env: {},
      secrets: new Map([[TOKEN_NAME, new Secret(TOKEN_NAME, more.token ?? TOKEN)]]),
      upstream: this.#forge.upstream(),
      settingsFile: undefined,
      ...(more.network && { network: more.network }),
    });
  }

  /** What the operator reads when no key is had. */
  async failure(
    repos: readonly GitRepoPlan[],
    more: { readonly token?: string; readonly network?: ForgeNetwork } = {},
  ): Promise<string> {
    try {
      await this.obtain(repos, more);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return `${error.message} → ${error.mend}`;
    }
    throw new Error("the keys were had");
  }

  records(): string[] {
    try {
      return readdirSync(this.home.keys);
    } catch {
      return [];
    }
  }

  record(): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.home.keys, this.records()[0] ?? ""), "utf8"));
  }

  /** As if its launcher had been killed: no process started so. */
  orphan(): void {
    for (const file of this.records()) {
      const path = join(this.home.keys, file);
      const record = JSON.parse(readFileSync(path, "utf8"));
      writeFileSync(path, JSON.stringify({ ...record, maker: DEAD }));
    }
  }

  cleanup(env: Record<string, string> = { [TOKEN_NAME]: TOKEN }, dryRun = false): Promise<LeftKeys> {
    const { stdin, stdout, stderr } = process;
    const io: OperatorIo = {
      env,
      cwd: this.root,
      stdin,
      stdout,
      stderr,
      isTerminal: false,
      ask: async () => "",
      confirm: async () => false,
      pick: async () => "",
      notice: () => {},
    };
    return revokeLeftKeys(this.home, io, dryRun);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
