import { Fault, usageFault } from "../base/fault.ts";
import type { EnvValue, HomeFile } from "../plan/launch-plan.ts";
import { DEFAULT_INSPECTION, type RouteSpec } from "../policy/route.ts";
import { MAX_PROMPT } from "./limits.ts";
import type { Provider, ProviderInput } from "./provider.ts";
import { onlyKeys } from "./settings.ts";

const API_HOST = "api.anthropic.com";

/**
 * What the agent holds in the credential's place. Shaped as the program expects (it looks at the prefix), and plainly
 * no credential to whoever finds it in a log. The sidecar takes it off every request and puts the real one on.
 */
const PLACEHOLDERS = {
  "api-key": "sk-ant-api03-placeholder-the-real-key-is-held-by-the-bot-bottle-sidecar",
  oauth: "sk-ant-oat01-placeholder-the-real-token-is-held-by-the-bot-bottle-sidecar",
} as const;

/** No telemetry, no crash reports, no self-update, no surveys: each is traffic the bottle would refuse anyway. */
const QUIET: Readonly<Record<string, EnvValue>> = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: { literal: "1" },
  CLAUDE_CODE_DISABLE_FEEDBACK_SURVEY: { literal: "1" },
  DISABLE_TELEMETRY: { literal: "1" },
  DISABLE_ERROR_REPORTING: { literal: "1" },
  DISABLE_AUTOUPDATER: { literal: "1" },
  DISABLE_FEEDBACK_COMMAND: { literal: "1" },
  DISABLE_INSTALLATION_CHECKS: { literal: "1" },
  // it refuses --dangerously-skip-permissions as uid 0 otherwise; inside, the bottle may show any uid
  IS_SANDBOX: { literal: "1" },
};

/** Claude Code, as installed on the host. Its own permission prompts are off: the bottle is the boundary. */
export const claude: Provider = {
  name: "claude",
  contribute(input) {
    onlyKeys("claude", input.settings, ["model"]);
    const kind = input.authKind ?? kindByName(input.authToken);
    const program = input.findProgram("claude");
    return {
      command: input.command ?? claudeCommand(program?.path, input),
      env: {
        ...QUIET,
        ...(kind === "api-key" && { ANTHROPIC_API_KEY: { literal: PLACEHOLDERS[kind] } }),
        ...(kind === "oauth" && { CLAUDE_CODE_OAUTH_TOKEN: { literal: PLACEHOLDERS[kind] } }),
      },
      files: homeFiles(kind),
      programs: program?.binds ?? [],
      // without a credential of ours the API would be a way to someone else's account: no route
      routes: input.authToken === undefined ? [] : [route(input.authToken, kind)],
      secrets:
        input.authToken === undefined
          ? []
          : [
              {
                name: input.authToken,
                source: { kind: "ref", name: input.authToken },
                neededBy: "provider claude (agent_provider.auth_token)",
              },
            ],
    };
  },
};

function claudeCommand(program: string | undefined, input: ProviderInput): string[] {
  if (program === undefined) {
    throw new Fault("claude is not installed: no such program on PATH", {
      mend: "npm install --global @anthropic-ai/claude-code",
    });
  }
  if (input.authToken === undefined) {
    throw usageFault(
      "agent_provider.auth_token is missing: provider claude needs the name of the variable that holds the credential",
      "agent_provider: {template: claude, auth_token: CLAUDE_CODE_OAUTH_TOKEN} (claude setup-token makes one)",
    );
  }
  const { settings, systemPrompt, headlessPrompt, label } = input;
  for (const text of [systemPrompt, headlessPrompt ?? ""]) {
    if (Buffer.byteLength(text) > MAX_PROMPT) {
      throw usageFault(
        `a prompt is longer than ${MAX_PROMPT} bytes`,
        "put the text in a file of the workspace",
      );
    }
  }
  return [
    program,
    "--dangerously-skip-permissions",
    ...(systemPrompt === "" ? [] : ["--append-system-prompt", systemPrompt]),
    ...modelFlag(settings.model),
    ...(label === undefined ? [] : ["--name", label]),
    ...input.extraArgs,
    // after `--`, a prompt that begins with a dash is a prompt
    ...(headlessPrompt === undefined ? [] : ["-p", "--", headlessPrompt]),
  ];
}

function modelFlag(model: unknown): string[] {
  if (model === undefined) return [];
  if (typeof model === "string" && /^[A-Za-z0-9][A-Za-z0-9._:[\]@-]*$/.test(model)) return ["--model", model];
  throw usageFault("agent_provider.settings.model is no model's name", "settings: {model: sonnet}");
}

/** When the launcher could not look (a dry run without the variable), the name must do. */
function kindByName(authToken: string | undefined): "oauth" | "api-key" | undefined {
  if (authToken === undefined) return undefined;
  return /API_?KEY/i.test(authToken) ? "api-key" : "oauth";
}

function route(authToken: string, kind: "oauth" | "api-key" | undefined): RouteSpec {
  return {
    host: API_HOST,
    ports: [443],
    matches: [],
    encodedSlash: "block",
    git: { fetch: false, apiWrite: false },
    source: "provider claude",
    // its answers are the model's own words, which may speak of anything
    dlp: { ...DEFAULT_INSPECTION, onMatch: "redact", inbound: "warn" },
    body: { kind: "anthropic-messages", serverTools: [], remoteUrls: "deny", fileUpload: "deny" },
    auth:
      kind === "api-key"
        ? { header: "x-api-key", scheme: "raw", secret: authToken }
        : { header: "authorization", scheme: "bearer", secret: authToken },
  };
}

/** Onboarding done, workspace trusted, placeholder key approved: without a person there is nobody to ask. */
function homeFiles(kind: "oauth" | "api-key" | undefined): HomeFile[] {
  const state = {
    hasCompletedOnboarding: true,
    theme: "dark",
    autoUpdates: false,
    bypassPermissionsModeAccepted: true,
    projects: { "/workspace": { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    // the program keeps the last 20 characters of an approved key
    ...(kind === "api-key" && {
      customApiKeyResponses: { approved: [PLACEHOLDERS[kind].slice(-20)], rejected: [] },
    }),
  };
  return [
    { path: ".claude.json", content: `${JSON.stringify(state, null, 2)}\n`, mode: 0o600 },
    {
      path: ".claude/settings.json",
      content: `${JSON.stringify({ skipDangerousModePermissionPrompt: true }, null, 2)}\n`,
      mode: 0o600,
    },
  ];
}
