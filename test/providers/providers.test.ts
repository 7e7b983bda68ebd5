import { describe, expect, it } from "vitest";
import { Fault } from "../../src/base/fault.ts";
import { providerByName } from "../../src/providers/index.ts";
import type { ProviderInput } from "../../src/providers/provider.ts";

const PLAIN: ProviderInput = {
  settings: {},
  authToken: "CLAUDE_TOKEN",
  authKind: "oauth",
  systemPrompt: "",
  headlessPrompt: undefined,
  command: undefined,
  label: undefined,
  extraArgs: [],
  findProgram: (name) => ({ path: `/opt/agent/${name}/${name}`, binds: [{ source: "/x", target: "/opt" }] }),
};

function claude(input: Partial<ProviderInput> = {}) {
  return providerByName("claude").contribute({ ...PLAIN, ...input });
}

function command(input: Partial<ProviderInput> = {}) {
  return providerByName("command").contribute({ ...PLAIN, authToken: undefined, ...input });
}

function faultOf(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("provider claude", () => {
  it("runs without permission prompts of its own, interactively unless there is a prompt", () => {
    expect(claude().command).toEqual(["/opt/agent/claude/claude", "--dangerously-skip-permissions"]);
    const headless = claude({
      headlessPrompt: "--version",
      systemPrompt: "Be brief.",
      label: "one",
      extraArgs: ["--model", "sonnet"],
    });
    expect(headless.command).toEqual([
      "/opt/agent/claude/claude",
      "--dangerously-skip-permissions",
      "--append-system-prompt",
      "Be brief.",
      "--name",
      "one",
      "--model",
      "sonnet",
      "-p",
      "--",
      "--version",
    ]);
  });

  it("gives the bottle a placeholder in the place its program looks, and the route the real one's name", () => {
    const oauth = claude();
    expect(oauth.env.CLAUDE_CODE_OAUTH_TOKEN).toEqual({ literal: expect.stringContaining("placeholder") });
    expect(oauth.env.ANTHROPIC_API_KEY).toBeUndefined();
    expect(oauth.routes[0]?.auth).toEqual({
      header: "authorization",
      scheme: "bearer",
      secret: "CLAUDE_TOKEN",
    });
    const key = claude({ authKind: "api-key" });
    expect(key.env.ANTHROPIC_API_KEY).toEqual({ literal: expect.stringContaining("placeholder") });
    expect(key.env.CLAUDE_CODE_OAUTH_TOKEN).toBeUndefined();
    expect(key.routes[0]?.auth).toEqual({ header: "x-api-key", scheme: "raw", secret: "CLAUDE_TOKEN" });
    expect(key.secrets.map(({ name }) => name)).toEqual(["CLAUDE_TOKEN"]);
  });

  it("lets the model's provider fetch, run and keep nothing", () => {
    expect(claude().routes.map(({ body }) => body)).toEqual([
      { kind: "anthropic-messages", serverTools: [], remoteUrls: "deny", fileUpload: "deny" },
    ]);
  });

  it("opens api.anthropic.com and nothing else", () => {
    expect(claude().routes.map(({ host, ports }) => [host, ports])).toEqual([["api.anthropic.com", [443]]]);
  });

  it("opens no route without a credential of ours, which would be a way to someone else's account", () => {
    const shell = claude({ authToken: undefined, authKind: undefined, command: ["bash"] });
    expect(shell.routes).toEqual([]);
    expect(shell.command).toEqual(["bash"]);
  });

  it("asks for the credential's variable before it starts anything", () => {
    const fault = faultOf(() => claude({ authToken: undefined, authKind: undefined }));
    expect(fault.exitCode).toBe(2);
    expect(fault.mend).toContain("auth_token: CLAUDE_CODE_OAUTH_TOKEN");
  });

  it("says how to install the program when it is missing", () => {
    const fault = faultOf(() => claude({ findProgram: () => undefined }));
    expect(fault.mend).toContain("npm install --global @anthropic-ai/claude-code");
  });

  it("answers the questions its program would ask, for /workspace alone", () => {
    const files = new Map(claude({ authKind: "api-key" }).files.map((file) => [file.path, file]));
    const state: unknown = JSON.parse(files.get(".claude.json")?.content ?? "");
    expect(state).toMatchObject({
      hasCompletedOnboarding: true,
      projects: { "/workspace": { hasTrustDialogAccepted: true } },
      customApiKeyResponses: { approved: [expect.any(String)] },
    });
    expect([...files.values()].every(({ mode }) => mode === 0o600)).toBe(true);
  });

  it("refuses settings it does not know, and a model that is no name", () => {
    expect(faultOf(() => claude({ settings: { modle: "x" } })).message).toContain("modle");
    expect(faultOf(() => claude({ settings: { model: "--mcp-config" } })).exitCode).toBe(2);
    expect(claude({ settings: { model: "sonnet" } }).command).toContain("sonnet");
  });

  it("refuses a prompt the kernel would refuse as an argument", () => {
    expect(faultOf(() => claude({ headlessPrompt: "x".repeat(200_000) })).exitCode).toBe(2);
  });
});

describe("provider command", () => {
  it("runs settings.command with the words after -- and the prompt", () => {
    const made = command({
      settings: { command: ["tool", "--flag"] },
      extraArgs: ["more"],
      headlessPrompt: "do it",
    });
    expect(made.command).toEqual(["/opt/agent/tool/tool", "--flag", "more", "do it"]);
    expect(made.programs).toEqual([{ source: "/x", target: "/opt" }]);
  });

  it("runs what `run` was given, and a path as written", () => {
    const made = command({ command: ["./build.sh", "x"] });
    expect(made.command).toEqual(["./build.sh", "x"]);
    expect(made.programs).toEqual([]);
  });

  it("puts the agent's system prompt into a file of the home", () => {
    const made = command({ settings: { command: ["tool"] }, systemPrompt: "Be brief." });
    expect(made.files).toEqual([{ path: ".bot-bottle/system-prompt.md", content: "Be brief.", mode: 0o600 }]);
  });

  it.each([{}, { command: [] }, { command: "tool" }, { command: [1] }, { command: [""] }])(
    "refuses settings %j",
    (settings) => {
      expect(faultOf(() => command({ settings })).exitCode).toBe(2);
    },
  );
});

describe("a provider's name", () => {
  it("that is not built yet names those that are", () => {
    const fault = faultOf(() => providerByName("codex"));
    expect(fault.message).toContain("this version can't run it");
    expect(fault.mend).toContain("available: claude, command");
  });

  it("that nobody knows lists the known", () => {
    expect(faultOf(() => providerByName("clod")).mend).toContain("claude, command");
  });
});
