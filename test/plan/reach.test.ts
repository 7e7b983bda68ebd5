import { expect, test } from "vitest";
import { planGit } from "../../src/plan/git.ts";
import { describeReach, type Reach } from "../../src/plan/reach.ts";
import type { RouteSpec } from "../../src/policy/route.ts";
import { bottleOf } from "../manifest/home.ts";

const NOTHING: Reach = {
  agent: undefined,
  bottles: [],
  provider: "command",
  backend: "linux",
  egress: { log: 1, routes: [] },
  git: [],
  supervise: true,
  gitHosts: [],
  secrets: [],
  env: {},
  workspace: { mode: "copy", source: undefined, include: [], exclude: [] },
};

test("a bottle that reaches nothing says so", () => {
  expect(describeReach(NOTHING)).toEqual([
    "agent -, bottle -, provider command, backend linux",
    "reaches: nothing",
    "credentials the sidecar holds: none",
    "variables: none",
    "canary: a made-up secret, in a variable named at the start",
    "workspace: empty",
  ]);
});

test("hosts, ports, rules, credentials, repositories, variables and workspace are named, values are not", async () => {
  const { bottle } = await bottleOf(`git-gate:
  repos:
    a: {url: "ssh://git@forge.example.com/t/a", key: {provider: static, path: ~/k}}
    b: {url: "ssh://git@forge.example.com/t/b", key: {provider: gitea, forge_token_env: G}, host_key: ssh-ed25519 AAAA, push: {allow: [agent/*], force: true, delete: true, tags: true, paths: {hold: [deploy/**]}}}
    c: {url: "https://forge.example.com/t/c", key: {provider: token, token_ref: T}, push: {paths: {hold: []}}, scanner: builtin, sign: {key: /s}}`);
  const text = describeReach({
    ...NOTHING,
    agent: "me",
    bottles: ["base", "dev"],
    gitHosts: ["forge.example.com"],
    git: planGit(bottle.repos).repos,
    egress: {
      log: 1,
      routes: [
        {
          host: "api.example.com",
          ports: [443, 8443],
          auth: { header: "authorization", scheme: "bearer", secret: "API_TOKEN" },
          matches: [
            {
              paths: [
                { type: "prefix", value: "/v1/" },
                { type: "regex", value: "/x+" },
              ],
              methods: ["GET", "POST"],
              headers: [{ type: "exact", name: "accept", value: "a/b" }],
            },
          ],
          encodedSlash: "block",
          git: { fetch: true, apiWrite: false },
          source: "dev.md:4",
        },
      ],
    },
    env: { A: { literal: "hidden-value" }, B: { secret: "B" } },
    workspace: { mode: "bind", source: "/home/me/src", include: [], exclude: [] },
  });
  expect(text).toEqual([
    "agent me, bottle base + dev, provider command, backend linux",
    "reaches:",
    "  api.example.com:443,8443; GET|POST /v1/ | /x+ (regex) where accept is a/b; with API_TOKEN; git fetch (dev.md:4)",
    "    requests: canary, token_patterns, known_secrets: blocked; what can't be read is blocked",
    "    answers: credentials are masked; injections are blocked",
    "credentials the sidecar holds: API_TOKEN",
    "git-gate hosts: forge.example.com",
    "  a: ssh://git@forge.example.com/t/a; no host_key, all of it is refused; may push refs/heads/**; CI and hook files wait for the operator (dev.md:4)",
    "  b: ssh://git@forge.example.com/t/b; with a deploy key that G adds at https://forge.example.com; may push refs/heads/agent/*, by force too, deletions too, tags too; deploy/** wait for the operator (dev.md:5)",
    "  c: https://forge.example.com/t/c; with T; may push refs/heads/**; no path is held; scanner builtin; signed with /s (dev.md:6)",
    "variables: A, B (from the host or asked for)",
    "canary: a made-up secret, in a variable named at the start",
    "workspace: /home/me/src itself, changes are written to it",
  ]);
});

test("what is inspected, what may pass, and what is counted is said of each route, and of the bottle", () => {
  const route: RouteSpec = {
    host: "a.test",
    ports: [443],
    matches: [],
    encodedSlash: "block",
    git: { fetch: false, apiWrite: false },
    source: "dev.md:4",
    dlp: {
      outbound: ["entropy"],
      inbound: "off",
      onMatch: "supervise",
      allowSecrets: ["K"],
      oversize: "pass",
    },
    body: { kind: "openai-chat", serverTools: ["web_search"], remoteUrls: "deny", fileUpload: "allow" },
    limits: {
      requests: { per: "hour", soft: 80, hard: 100 },
      bytesOut: { per: "life", soft: 5 * 1024 ** 2 },
    },
  };
  const lines = describeReach({
    ...NOTHING,
    egress: { log: 1, routes: [route] },
    quotas: { hosts: { per: "minute", hard: 3 } },
    canary: "LEDGER_API_SECRET",
  });
  expect(lines.slice(2)).toEqual([
    "  a.test:443; everything (dev.md:4)",
    "    requests: canary, the sidecar's credentials: blocked (supervise: nobody can be asked yet); entropy: journalled; K may go; what can't be read passes",
    "    answers: credentials are masked; they are not read for injections",
    "    bodies: openai-chat, server tools web_search, no remote URLs, file uploads",
    "    limits: requests: 100 an hour, told above 80, bytes out: told above 5 MiB in all",
    "credentials the sidecar holds: none",
    "variables: none",
    "canary: a made-up secret, in LEDGER_API_SECRET",
    "workspace: empty",
    "limits of the bottle: hosts: 3 a minute",
  ]);
});

test("text of a repository can't paint over the question it is shown in", () => {
  const lines = describeReach({
    ...NOTHING,
    agent: "x\u001b[2J\u202e",
    workspace: {
      mode: "copy",
      source: `/tmp/${"a".repeat(900)}\nreaches: nothing`,
      include: [],
      exclude: [],
    },
  });
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
    expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(line.length).toBeLessThanOrEqual(401);
  }
});
