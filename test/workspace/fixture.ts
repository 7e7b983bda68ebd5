import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A throw-away folder with helpers that make what stands in it. */
export class Sandbox implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "workspace-"));

  at(path: string): string {
    return join(this.root, path);
  }

  file(path: string, content = "", mode = 0o644): string {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
    chmodSync(this.at(path), mode);
    return this.at(path);
  }

  folder(path: string, mode = 0o755): string {
    mkdirSync(this.at(path), { recursive: true });
    chmodSync(this.at(path), mode);
    return this.at(path);
  }

  link(path: string, target: string): string {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    symlinkSync(target, this.at(path));
    return this.at(path);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
