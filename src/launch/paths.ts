import { join } from "node:path";

/** The operator's folder (`~/.bot-bottle`, or `BOT_BOTTLE_HOME`), SPEC §1. */
export interface HomePaths {
  readonly root: string;
  readonly bottles: string;
  readonly agents: string;
  readonly settings: string;
  readonly contrib: string;
  readonly state: string;
  readonly journal: string;
  readonly cache: string;
  /** records of deploy keys at forges; outlive a bottle's state */
  readonly keys: string;
  /** control sockets; no bottle can mount it, since no workspace may hold or lie in `root` */
  readonly run: string;
}

export function homePaths(root: string): HomePaths {
  return {
    root,
    bottles: join(root, "bottles"),
    agents: join(root, "agents"),
    settings: join(root, "settings.yml"),
    contrib: join(root, "contrib"),
    state: join(root, "state"),
    journal: join(root, "journal"),
    cache: join(root, "cache"),
    keys: join(root, "keys"),
    run: join(root, "run"),
  };
}

/** One bottle's files. Only `agentHome` and `workspace` are ever visible in the bottle. */
export interface StatePaths {
  readonly root: string;
  readonly metadata: string;
  /** which process makes the bottle; there before the metadata is */
  readonly maker: string;
  /** the agent's home folder */
  readonly agentHome: string;
  /** the workspace, in copy mode */
  readonly workspace: string;
  /** what the copy held when it was made: path, mode, hash */
  readonly base: string;
  /** what the agent printed */
  readonly transcript: string;
  /** the made-up secret that stands in its environment */
  readonly canary: string;
  /** the backend's small files */
  readonly scratch: string;
}

export function statePaths(home: HomePaths, id: string): StatePaths {
  const root = join(home.state, id);
  return {
    root,
    metadata: join(root, "metadata.json"),
    maker: join(root, "maker.json"),
    agentHome: join(root, "home"),
    workspace: join(root, "workspace"),
    base: join(root, "base.json"),
    transcript: join(root, "agent.log"),
    canary: join(root, "canary.json"),
    scratch: join(root, "scratch"),
  };
}

export function controlSocket(home: HomePaths, id: string): string {
  return join(home.run, `${id}.sock`);
}

export function journalPaths(home: HomePaths, id: string): { readonly lines: string; readonly head: string } {
  return { lines: join(home.journal, `${id}.jsonl`), head: join(home.journal, `${id}.head`) };
}
