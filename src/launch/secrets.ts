import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { usageFault } from "../base/fault.ts";
import { Secret } from "../base/secret.ts";
import { checkPrivateFile } from "../manifest/trusted-file.ts";
import type { SecretNeed } from "../plan/launch-plan.ts";
import { expandTilde } from "./expand-tilde.ts";
import { KNOWN_SECRET_MIN_CHARS, SECRET_BYTES, SECRET_COMMAND_MS } from "./limits.ts";
import type { OperatorIo } from "./request.ts";

/** settings.yml `secrets`: where a `token_ref` looks besides the environment. */
export type SecretOrigin = { readonly file: string } | { readonly command: readonly string[] };

/**
 * What the sidecar gets: the credentials it puts on, and the values of variables that it can know when they leave (SPEC
 * §2). Those that are no secret, or too short to be told from other text, it has no use for.
 */
export function sidecarSecrets(
  needs: readonly SecretNeed[],
  found: ReadonlyMap<string, Secret>,
): ReadonlyMap<string, Secret> {
  const kept = new Map<string, Secret>();
  for (const { name, known, source } of needs) {
    const secret = found.get(name);
    if (secret === undefined || known === false) continue;
    if (source.kind === "ref" || secret.reveal().length >= KNOWN_SECRET_MIN_CHARS) kept.set(name, secret);
  }
  return kept;
}

function fromFile(name: string, path: string): string {
  checkPrivateFile(path, `settings secret ${name}`);
  const { size } = statSync(path);
  if (size > SECRET_BYTES) throw usageFault(`settings secret ${name}: ${path} is over ${SECRET_BYTES} bytes`);
  return readFileSync(path, "utf8");
}

function fromCommand(name: string, [program = "", ...args]: readonly string[]): string {
  const { status, stdout, error, signal } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: SECRET_COMMAND_MS,
    maxBuffer: SECRET_BYTES,
    stdio: ["inherit", "pipe", "inherit"],
  });
  if (error || status !== 0) {
    // what it printed may hold the secret: only how it ended is said
    const why = error ? error.message : (signal ?? `exit code ${status}`);
    throw usageFault(
      `settings secret ${name}: the command ${program} failed (${why})`,
      "run it by hand to see why",
    );
  }
  return stdout;
}

function checked(need: SecretNeed, value: string): Secret {
  const text = value.replace(/\r?\n$/, "");
  if (text === "") throw usageFault(`${need.name} is empty; ${need.neededBy} needs it`);
  if (text.includes("\u0000")) throw usageFault(`${need.name} holds a NUL; ${need.neededBy} can't use that`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would split a header line
  if (need.source.kind === "ref" && /[\u0001-\u0008\u000a-\u001f\u007f]/.test(text)) {
    throw usageFault(
      `${need.name} holds a control character or several lines; ${need.neededBy} can't use that`,
    );
  }
  return new Secret(need.name, text);
}

/**
 * Finds every secret the plan needs: the environment first, then settings, then the operator.
 * Throws `Fault` (exit 2) that names all that are missing.
 */
export async function resolveSecrets(
  needs: readonly SecretNeed[],
  origins: ReadonlyMap<string, SecretOrigin>,
  io: OperatorIo,
  known: ReadonlyMap<string, Secret> = new Map(),
): Promise<Map<string, Secret>> {
  const found = new Map(known);
  const missing: string[] = [];
  const mends = new Set<string>();
  for (const need of needs) {
    if (found.has(need.name)) continue;
    const { source } = need;
    if (source.kind === "ask") {
      if (!io.isTerminal) {
        missing.push(`${need.name} is asked for on the terminal, and there is none (${need.neededBy})`);
        mends.add("start it on a terminal, or name a variable of the host in the manifest");
        continue;
      }
      found.set(need.name, checked(need, await io.ask(source.question, { hidden: true })));
      continue;
    }
    const variable = source.kind === "host-env" ? source.variable : source.name;
    const origin = source.kind === "ref" ? origins.get(source.name) : undefined;
    const value = io.env[variable];
    if (value !== undefined && value !== "") found.set(need.name, checked(need, value));
    else if (origin) {
      const text =
        "file" in origin
          ? fromFile(variable, expandTilde(origin.file, io.env))
          : fromCommand(variable, origin.command);
      found.set(need.name, checked(need, text));
    } else {
      missing.push(`${variable} is not set; ${need.neededBy} needs it`);
      mends.add(
        source.kind === "ref"
          ? "export the variable, or name the secret under `secrets:` in settings.yml"
          : "export the variable",
      );
    }
  }
  if (missing.length > 0) {
    throw usageFault(missing.join("\n"), [...mends].join("; "));
  }
  for (const { name, known, source } of needs) {
    const value = found.get(name)?.reveal() ?? "";
    // what is put on by the sidecar is taken out of answers whatever its length; env's is only looked for
    if (known === false || source.kind === "ref" || value.length >= KNOWN_SECRET_MIN_CHARS) continue;
    io.notice(
      `${name} has under ${KNOWN_SECRET_MIN_CHARS} characters: too short to be recognised when it leaves`,
    );
  }
  return found;
}
