import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { OperatorIo } from "../../src/launch/request.ts";
import { resolveSecrets, sidecarSecrets } from "../../src/launch/secrets.ts";
import type { SecretNeed } from "../../src/plan/launch-plan.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "secrets-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function operator(env: Record<string, string>, answers?: string[]): OperatorIo {
  const { stdin, stdout, stderr } = process;
  return {
    env,
    cwd: folder,
    stdin,
    stdout,
    stderr,
    isTerminal: answers !== undefined,
    ask: async () => answers?.shift() ?? "",
    confirm: async () => false,
    pick: async () => "",
    notice: () => {},
  };
}

const ref = (name: string): SecretNeed => ({
  name,
  source: { kind: "ref", name },
  neededBy: "route api.example.com",
});

describe("a secret the plan needs", () => {
  test("comes from the environment, before settings", async () => {
    const found = await resolveSecrets(
      [ref("TOKEN")],
      new Map([["TOKEN", { command: ["false"] }]]),
      operator({ TOKEN: "from-env" }),
    );
    expect(found.get("TOKEN")?.reveal()).toBe("from-env");
  });

  test("comes from a settings command, run without a shell", async () => {
    const found = await resolveSecrets(
      [ref("TOKEN")],
      new Map([["TOKEN", { command: ["printf", "%s\n", "$(id) ; x"] }]]),
      operator({}),
    );
    expect(found.get("TOKEN")?.reveal()).toBe("$(id) ; x");
  });

  test("comes from a private file, its last newline taken off", async () => {
    const file = join(folder, "token");
    writeFileSync(file, "from-file\n", { mode: 0o600 });
    const found = await resolveSecrets([ref("TOKEN")], new Map([["TOKEN", { file }]]), operator({}));
    expect(found.get("TOKEN")?.reveal()).toBe("from-file");
  });

  test("is not taken from a file that others can read; the message has the chmod", async () => {
    const file = join(folder, "token");
    writeFileSync(file, "from-file\n");
    chmodSync(file, 0o644);
    await expect(
      resolveSecrets([ref("TOKEN")], new Map([["TOKEN", { file }]]), operator({})),
    ).rejects.toMatchObject({
      exitCode: 2,
      mend: `run: chmod 600 ${file}`,
    });
  });

  test("that is missing is named, all of them at once, with who needs them", async () => {
    const asked: SecretNeed = { name: "PIN", source: { kind: "ask", question: "PIN?" }, neededBy: "env.PIN" };
    await expect(resolveSecrets([ref("A"), ref("B"), asked], new Map(), operator({}))).rejects.toThrow(
      /A is not set; route api\.example\.com.*\nB is not set.*\nPIN is asked for/s,
    );
  });

  test("is asked for on the terminal", async () => {
    const asked: SecretNeed = { name: "PIN", source: { kind: "ask", question: "PIN?" }, neededBy: "env.PIN" };
    expect((await resolveSecrets([asked], new Map(), operator({}, ["1234"]))).get("PIN")?.reveal()).toBe(
      "1234",
    );
  });

  test("with a line break can't be a route's credential: it would split the header", async () => {
    await expect(resolveSecrets([ref("T")], new Map(), operator({ T: "a\r\nX-Evil: 1" }))).rejects.toThrow(
      /control character/,
    );
  });

  test("prints as its name wherever it lands", async () => {
    const secret = (await resolveSecrets([ref("T")], new Map(), operator({ T: "s3cr3t-value" }))).get("T");
    for (const text of [
      `${secret}`,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }),
    ]) {
      expect(text).toContain("[secret T]");
      expect(text).not.toContain("s3cr3t-value");
    }
  });

  test("of a command that fails is an error that doesn't repeat what it printed", async () => {
    const failing = new Map([["T", { command: ["sh", "-c", "echo s3cr3t-value; exit 3"] }]]);
    const error = await resolveSecrets([ref("T")], failing, operator({})).catch((e: unknown) => e);
    expect(String(error)).toMatch(/exit code 3/);
    expect(String(error)).not.toContain("s3cr3t-value");
  });
});

describe("the sidecar", () => {
  const variable = (name: string, known?: false): SecretNeed => ({
    name,
    source: { kind: "host-env", variable: name },
    neededBy: `env.${name}`,
    ...(known === false && { known }),
  });

  test("gets no value that is no secret, and no variable's that is too short to be known", () => {
    const needs = [ref("SHORT_REF"), variable("LONG"), variable("SHORT"), variable("OPEN", false)];
    const values = { SHORT_REF: "abc", LONG: "12345678", SHORT: "1234567", OPEN: "nobody minds this" };
    const found = new Map(Object.entries(values).map(([name, value]) => [name, new Secret(name, value)]));
    expect([...sidecarSecrets(needs, found).keys()]).toEqual(["SHORT_REF", "LONG"]);
  });
});
