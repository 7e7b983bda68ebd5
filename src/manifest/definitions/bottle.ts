import * as z from "zod/mini";
import { MAX_ENV_LENGTH, MIN_DISK, MIN_MEMORY } from "../limits.ts";
import { egress } from "./egress.ts";
import { gitGate } from "./git-gate.ts";
import { QUOTA } from "./inspection.ts";
import {
  FLAG,
  list,
  oneOrMore,
  optional,
  required,
  rule,
  STEM,
  secretName,
  stem,
  TEXT,
  text,
  VARIABLE,
} from "./key.ts";
import { count, duration, size } from "./quantity.ts";

export const WORKSPACE_MODES = ["copy", "overlay", "bind", "worktree", "clone"] as const;
export const ISOLATION_KINDS = ["namespaces", "gvisor", "microvm"] as const;
/** Templates this project ships or plans; any other is a plug-in in the home folder's `contrib/`. */
export const TEMPLATES = ["claude", "codex", "pi", "gemini", "opencode", "command"] as const;

const envName = () =>
  z.string().check(z.regex(VARIABLE, "is no variable name: letters, digits and underscores, no digit first"));

const envValue = () =>
  z.union([
    z.string().check(
      z.maxLength(MAX_ENV_LENGTH, `is longer than ${MAX_ENV_LENGTH} characters`),
      rule((value) => (value.includes("\0") ? "holds a NUL character" : undefined)),
    ),
    z.strictObject({
      from: required(secretName(), { description: "Host variable to copy", acts: "now", shape: "name" }),
      secret: optional(FLAG, {
        description: "Whether its value is a secret that must not leave",
        default: true,
        acts: "now",
      }),
    }),
  ]);

const agentProvider = () =>
  z.strictObject({
    template: optional(
      text((value) => (STEM.test(value) ? undefined : "is no provider name")),
      {
        description: "`claude`, `codex`, `pi`, `gemini`, `opencode`, `command`, or a plug-in of `contrib/`",
        default: "claude",
        acts: "now",
        shape: "name",
      },
    ),
    dockerfile: optional(TEXT, {
      description: "Image of the container backends",
      acts: "later",
      shape: "path",
    }),
    auth_token: optional(secretName(), {
      description: "Name of the secret with the provider's token; the bottle sees a placeholder",
      acts: "now",
      shape: "name",
    }),
    forward_host_credentials: optional(FLAG, {
      description: "Use the login of the host's own program (`codex`)",
      default: false,
      acts: "later",
    }),
    settings: optional(z.record(z.string(), z.unknown()), {
      description: "Settings of that provider, e.g. `{command: [..]}` for `command`",
      acts: "now",
      shape: "map",
    }),
  });

const workspacePath = () =>
  text((value) =>
    value.startsWith("/") || value.startsWith("~/") ? undefined : "must be an absolute path or begin with ~/",
  );

const workspace = () =>
  z.strictObject({
    mode: optional(z.enum(WORKSPACE_MODES), {
      description: "How the folder gets into the bottle; `overlay`, `worktree` and `clone` are not built yet",
      default: "copy",
      acts: "now",
    }),
    path: optional(workspacePath(), {
      description: "Folder to work on; `--workspace` wins",
      acts: "now",
      shape: "path",
    }),
    exclude: optional(list(TEXT), {
      description: "What is left out of a copy",
      acts: "now",
      shape: "list of globs",
    }),
    include: optional(list(TEXT), {
      description: "What alone goes into a copy",
      default: "everything",
      acts: "now",
      shape: "list of globs",
    }),
  });

const limits = () =>
  z.strictObject({
    memory: optional(size(MIN_MEMORY, "16M"), {
      description: "Memory of the bottle",
      default: "4G",
      acts: "now",
      shape: "size",
    }),
    pids: optional(count(8), { description: "Processes and threads", default: 2048, acts: "now" }),
    cpus: optional(z.number().check(z.positive("must be above 0"), z.maximum(4096, "must be at most 4096")), {
      description: "Processors, fractions allowed",
      default: "all",
      acts: "now",
    }),
    disk: optional(size(MIN_DISK, "1M"), {
      description: "What may be written",
      default: "8G",
      acts: "now",
      shape: "size",
    }),
    open_files: optional(count(64, 1_048_576), {
      description: "Open files of a process",
      default: 4096,
      acts: "now",
    }),
    time: optional(duration(), {
      description: "The bottle is stopped after it",
      default: "none",
      acts: "now",
      shape: "time",
    }),
    requests: optional(QUOTA, {
      description: "Requests of the bottle",
      default: "none",
      acts: "now",
      shape: "quota",
    }),
    bytes_out: optional(QUOTA, {
      description: "Bytes sent by the bottle: heads, bodies, trailers, frames",
      default: "none",
      acts: "now",
      shape: "quota",
    }),
    hosts: optional(QUOTA, {
      description: "Different hosts reached",
      default: "none",
      acts: "now",
      shape: "quota",
    }),
  });

const isolation = () =>
  z.strictObject({
    kind: optional(z.enum(ISOLATION_KINDS), {
      description:
        "What separates the bottle from the host; `gvisor` and `microvm` are refused until they are built",
      default: "namespaces",
      acts: "now",
    }),
    runtime: optional(TEXT, {
      description: "Runtime of that kind; refused until it is built",
      acts: "later",
    }),
    root: optional(TEXT, {
      description: "Image the bottle's system comes from; refused until it is built",
      acts: "later",
    }),
    nested: optional(FLAG, {
      description: "Programs in the bottle may make sandboxes of their own",
      default: false,
      acts: "now",
    }),
  });

/** The front matter of `bottles/NAME.md`. */
export const bottleSchema = () =>
  z.strictObject({
    extends: optional(oneOrMore(stem()), {
      description: "Bottles this one builds on, merged left to right, itself last",
      acts: "now",
      shape: "name or list of names",
    }),
    env: optional(z.record(envName(), envValue()), {
      description:
        "Variables of the bottle: text, `?` or `?question` (asked for), a host variable alone in dollar braces, or a map",
      acts: "now",
      shape: "map of NAME to text or map",
    }),
    agent_provider: optional(agentProvider(), {
      description: "The agent program",
      acts: "now",
      shape: "map, below",
    }),
    egress: optional(egress(), { description: "What may leave", acts: "now", shape: "map, below" }),
    dlp: optional(
      z.strictObject({
        rules: optional(
          text((value) =>
            value.startsWith("/") || value.split("/").includes("..")
              ? "must be a path inside the home folder"
              : undefined,
          ),
          {
            description: "A gitleaks TOML file in the home folder, where the path starts",
            acts: "now",
            shape: "path",
          },
        ),
      }),
      { description: "Scanning of the whole bottle", acts: "now", shape: "map, below" },
    ),
    "git-gate": optional(gitGate(), { description: "Git", acts: "now", shape: "map, below" }),
    supervise: optional(FLAG, {
      description: "The agent may ask the operator for more",
      default: true,
      acts: "later",
    }),
    workspace: optional(workspace(), {
      description: "The folder worked on",
      acts: "now",
      shape: "map, below",
    }),
    limits: optional(limits(), { description: "Bounds of the bottle", acts: "now", shape: "map, below" }),
    isolation: optional(isolation(), { description: "How it is isolated", acts: "now", shape: "map, below" }),
  });
