import { expect, test } from "vitest";
import { describeReach, type Reach } from "../../src/plan/reach.ts";

const NOTHING: Reach = {
  agent: undefined,
  bottles: [],
  provider: "command",
  backend: "linux",
  egress: { log: 1, routes: [] },
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
    "workspace: empty",
  ]);
});

test("hosts, ports, rules, credentials, variables and workspace are named, values are not", () => {
  const text = describeReach({
    ...NOTHING,
    agent: "me",
    bottles: ["base", "dev"],
    gitHosts: ["forge.example.com"],
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
    "credentials the sidecar holds: API_TOKEN",
    "git-gate hosts: forge.example.com",
    "variables: A, B (from the host or asked for)",
    "workspace: /home/me/src itself, changes are written to it",
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
