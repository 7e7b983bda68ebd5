import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import { loadManifests, type Manifests } from "../../src/manifest/load.ts";
import { SourceFile } from "../../src/manifest/source-file.ts";

/** A home folder and a repository with the given files, removed after the test. */
export class TestHome {
  readonly root = mkdtempSync(join(tmpdir(), "bottle-manifest-"));
  readonly home = join(this.root, "home", ".bot-bottle");
  readonly repo = join(this.root, "repo");
  readonly manifests: Manifests;

  constructor(files: Readonly<Record<string, string>>) {
    mkdirSync(this.home, { recursive: true });
    mkdirSync(this.repo);
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    this.manifests = this.manifestsIn(this.repo);
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
  }

  /** read as from this current folder */
  manifestsIn(cwd: string): Manifests {
    return loadManifests({
      home: {
        bottles: join(this.home, "bottles"),
        agents: join(this.home, "agents"),
        settings: join(this.home, "settings.yml"),
        contrib: join(this.home, "contrib"),
      },
      cwd,
      uid: process.getuid?.() ?? 0,
    });
  }

  /** `bottles/x.md`, `agents/x.md`, `settings.yml` of the home; `repo/…` of the repository */
  write(path: string, text: string | Uint8Array): string {
    const full = path.startsWith("repo/") ? join(this.root, path) : join(this.home, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    chmodSync(full, 0o644);
    return full;
  }
}

/** A manifest with this front matter. */
export const matter = (yaml: string, body = ""): string => `---\n${yaml}\n---\n${body}`;

/** The message of the fault that a call ends with; anything else fails the test. */
export async function faultOf(call: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof call === "function" ? call() : call);
  } catch (error) {
    if (error instanceof Fault && error.exitCode === 2) return error.message;
    throw error;
  }
  throw new Error("no fault was thrown");
}

/** What is wrong with a bottle of this front matter. */
export function bottleFault(yaml: string): Promise<string> {
  return faultOf(new TestHome({ "bottles/dev.md": matter(yaml) }).manifests.loadBottles(["dev"]));
}

/** The bottle of this front matter, with its notices. */
export function bottleOf(yaml: string) {
  return new TestHome({ "bottles/dev.md": matter(yaml) }).manifests.loadBottles(["dev"]);
}

export const source = (text: string): SourceFile => new SourceFile("dev.md", text);
