import { RULE_FILE_BYTES } from "../../../dlp/patterns/limits.ts";
import type { GitPrograms } from "../programs.ts";
import { ObjectReader } from "../scan/object-reader.ts";
import { feed } from "../upstream/feed.ts";

/** What the upstream's own default branch says of secrets, and never the push. */
export interface UpstreamRules {
  /** text of `.gitleaks.toml` */
  readonly rules: string | undefined;
  /** text of `.gitleaksignore` */
  readonly ignore: string | undefined;
}

/** Their paths in the default branch, in the order they are asked for. */
const FILES = [".gitleaks.toml", ".gitleaksignore"] as const;

/** Reads both from the mirror's HEAD. Throws when git fails, or what it prints can't be read. */
export async function readUpstreamRules(programs: GitPrograms, repo: string): Promise<UpstreamRules> {
  const git = await programs.start({ op: "mirror-read", repo });
  void feed(
    (async function* () {
      yield Buffer.from(FILES.map((name) => `HEAD:${name}\n`).join(""));
    })(),
    git.stdin,
  );
  const parts: Buffer[] = [];
  let length = 0;
  for await (const bytes of git.stdout as AsyncIterable<Buffer>) {
    length += bytes.length;
    if (length > 4 * RULE_FILE_BYTES) {
      git.kill();
      throw new Error("the upstream's .gitleaks.toml and .gitleaksignore are too long");
    }
    parts.push(bytes);
  }
  const { code, stderr } = await git.exited;
  if (code !== 0) throw new Error(`the upstream's rules can't be read: ${stderr}`);
  return parse(Buffer.concat(parts));
}

/** As `git cat-file --batch` answers: `HEAD:NAME missing`, or an object. */
function parse(printed: Buffer): UpstreamRules {
  const found: (string | undefined)[] = [];
  let text: Buffer[] = [];
  const reader = new ObjectReader({
    begin: () => {
      text = [];
    },
    data: (bytes) => {
      text.push(Buffer.from(bytes));
    },
    end: () => {
      found.push(Buffer.concat(text).toString("utf8"));
    },
  });
  let rest = printed;
  for (const name of FILES) {
    const missing = Buffer.from(`HEAD:${name} missing\n`);
    if (rest.subarray(0, missing.length).equals(missing)) {
      found.push(undefined);
      rest = rest.subarray(missing.length);
      continue;
    }
    const head = rest.indexOf(10);
    const size = Number(rest.toString("latin1", 0, Math.max(0, head)).split(" ")[2]);
    const end = head + 1 + size + 1;
    reader.write(rest.subarray(0, end));
    rest = rest.subarray(end);
  }
  reader.end();
  return { rules: found[0], ignore: found[1] };
}
