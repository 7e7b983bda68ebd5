import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, isAllowed } from "../../src/policy/decide.ts";
import { checkModelApi } from "../../src/policy/model-api/model-api.ts";
import { compilePolicy } from "../../src/policy/routes.ts";
import { runs } from "../support/runs.ts";
import { facts, route } from "./facts.ts";
import { FINE } from "./model-bodies/fine.ts";
import { HOSTILE, type Kind, recorded, safe } from "./model-bodies.ts";

const HOST = "model.test";
const SEEDS = new URL("seeds/model-api/", import.meta.url);

function passes(kind: Kind, text: string): boolean {
  const policy = compilePolicy({ routes: [route(HOST, { body: safe(kind) })], gitHosts: [] });
  const decision = decide(policy, facts(HOST, { target: "/v1/models" }));
  if (!isAllowed(decision)) throw new Error(decision.verdict.detail);
  return checkModelApi(safe(kind), decision.route, policy, Buffer.from(text)) === undefined;
}

/** Data that no provider acts on, by the names of members: what stands in them is not looked at. */
const DATA = new Set([
  "input_schema",
  "parameters",
  "metadata",
  "client_metadata",
  "internal_chat_message_metadata_passthrough",
  "citations",
  "annotations",
  "tool_choice",
  "cache_control",
  "output_config",
  "context_management",
  "diagnostics",
  "reasoning",
  "thinking",
  "caller",
  "allowed_callers",
  "input_examples",
  "format",
  "action",
  "results",
  "text",
  "stream_options",
]);

const CLIENT_TOOLS =
  /^(?:custom|function|namespace|local_shell|apply_patch|(?:bash|text_editor|computer|memory)_\d{8})$/;

/** What a provider would act on in a body that was let pass, judged in another way than the policy does: by search. */
function acts(value: unknown, path: string, inTools: boolean): string[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => acts(item, `${path}[${i}]`, inTools));
  if (typeof value !== "object" || value === null) return [];
  const found: string[] = [];
  const members = new Map(Object.entries(value));
  const type = members.get("type");
  if (inTools && typeof type === "string" && !CLIENT_TOOLS.test(type) && !isHarmless(members))
    found.push(`${path}: the tool ${type}`);
  for (const [name, member] of members) {
    const here = `${path}.${name}`;
    const remote = /^(?:url|image_url|file_url|video_url|audio_url|server_url|uri)$/.test(name);
    if (remote && typeof member === "string" && !/^data:/i.test(member)) found.push(`${here}: a URL`);
    if (/^file_ids?$/.test(name) && member !== null) found.push(`${here}: a file`);
    if (/^(?:data|file_data)$/.test(name) && typeof member === "string" && /^[a-z]+:\/\//.test(member))
      found.push(`${here}: a URL`);
    if (
      /^(?:mcp_servers|container|web_search_options|prompt|conversation|background|plugins|data_sources)$/.test(
        name,
      )
    ) {
      if (member !== null && member !== false && !(Array.isArray(member) && member.length === 0))
        found.push(`${here}: a field`);
    }
    const call = type === "tool_use" || type === "custom_tool_call" || type === "function_call";
    if (DATA.has(name) || (call && (name === "input" || name === "arguments"))) continue;
    found.push(...acts(member, here, name === "tools" || name === "definition"));
  }
  if (type === "server_tool_use" || (typeof type === "string" && /_tool_result$|^mcp_/.test(type)))
    found.push(`${path}: ${type}`);
  return found;
}

/** The three tools of a provider's name that do nothing there. */
function isHarmless(tool: ReadonlyMap<string, unknown>): boolean {
  const environment = tool.get("environment");
  return (
    (tool.get("type") === "web_search" && tool.get("external_web_access") === false) ||
    (tool.get("type") === "tool_search" && tool.get("execution") === "client") ||
    (tool.get("type") === "shell" && JSON.stringify(environment)?.includes('"type":"local"') === true)
  );
}

type Value = unknown;

/** Every place of a body: a way to put another value there. */
function places(value: Value, put: (value: Value) => Value, found: ((insert: Value) => Value)[] = []) {
  found.push(put);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) {
      const replace = (inner: Value) => put(value.map((other, at) => (at === i ? inner : other)));
      places(item, replace, found);
      found.push((inner) => put([...value.slice(0, i), inner, ...value.slice(i)]));
    }
    found.push((inner) => put([...value, inner]));
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value))
      places(item, (inner) => put({ ...value, [name]: inner }), found);
    // what is put there besides: each member of an object, or the value under a name that means something
    found.push((inner) =>
      put(typeof inner === "object" && !Array.isArray(inner) ? { ...value, ...inner } : value),
    );
    for (const name of ["source", "content", "tools", "image_url", "tool", "definition", "output"])
      found.push((inner) => put({ ...value, [name]: inner }));
  }
  return found;
}

/** Every value in a body. */
function values(value: Value): Value[] {
  if (Array.isArray(value)) return [value, ...value.flatMap(values)];
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(values)];
}

const parsed = HOSTILE.filter(({ name }) => !name.startsWith("text:")).map(({ kind, body }) => ({
  kind,
  body: JSON.parse(body),
}));

function corpus(kind: Kind): Value[] {
  const real = {
    "anthropic-messages": "claude-code",
    "openai-responses": "codex",
    "openai-chat": undefined,
  } as const;
  const program = real[kind];
  return [
    ...(program ? recorded(program) : []),
    ...FINE.filter((one) => one.kind === kind).map(({ body }) => body),
  ];
}

describe.each(["anthropic-messages", "openai-responses", "openai-chat"] as const)("%s", (kind) => {
  const bodies = corpus(kind).map((body) => ({ body, places: places(body, (value) => value) }));
  const parts = parsed.flatMap(({ body }) => values(body));

  test("the bodies that it starts from pass, and make nobody act", () => {
    for (const { body } of bodies)
      expect([passes(kind, JSON.stringify(body)), acts(body, "", false)]).toEqual([true, []]);
  });

  test("nothing that makes the provider act passes, wherever a hostile body's parts are put into a good one", () => {
    let passed = 0;
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (which, where, what) => {
        const chosen = bodies[which % bodies.length];
        const body = chosen?.places[where % chosen.places.length]?.(parts[what % parts.length]);
        const text = JSON.stringify(body);
        if (!passes(kind, text)) return;
        passed++;
        expect(acts(JSON.parse(text), "", false)).toEqual([]);
      }),
      runs(4000),
    );
    expect(passed).toBeGreaterThan(50);
  });
});

test("what was found once is refused for good", () => {
  const seeds = readdirSync(SEEDS);
  expect(seeds.length).toBeGreaterThan(0);
  for (const name of seeds) {
    const { kind, body }: { kind: Kind; body: unknown } = JSON.parse(
      readFileSync(new URL(name, SEEDS), "utf8"),
    );
    expect([name, passes(kind, JSON.stringify(body))]).toEqual([name, false]);
  }
});
