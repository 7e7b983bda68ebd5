import * as z from "zod/mini";
import { globProblem, refGlob } from "../../policy/git/glob.ts";
import { refNameProblem } from "../../policy/git/ref-name.ts";
import { parseHostName } from "../../policy/host.ts";
import { MAX_GLOB_LENGTH, MAX_GLOBS } from "../limits.ts";
import { FLAG, list, optional, required, rule, secretName, text } from "./key.ts";

/** Where a git-gate entry forwards to. */
export interface GitUpstream {
  readonly scheme: "ssh" | "https";
  readonly user: string | undefined;
  /** canonical */
  readonly host: string;
  readonly port: number;
  /** begins with a slash */
  readonly path: string;
}

const SCP_STYLE = /^(?:([^/@:]+)@)?([^/@:]+):(?!\/\/)(.+)$/;
const URL_PARTS = /^(ssh|https):\/\/(?:([^/@]*)@)?([^/@:]*)(?::([^/]*))?(\/.*)?$/;

/** Reads `ssh://user@host[:port]/path` or `https://host[:port]/path`, strictly; a string says what is wrong. */
export function parseGitUrl(url: string): GitUpstream | string {
  const parts = URL_PARTS.exec(url);
  if (parts === null) {
    const scp = SCP_STYLE.exec(url);
    return scp === null || url.includes("://")
      ? "must be ssh://user@host[:port]/path or https://host[:port]/path"
      : `is scp-style: write ssh://${scp[1] ?? "git"}@${scp[2]}/${scp[3]?.replace(/^\//, "")}`;
  }
  const [, scheme, user, hostText = "", portText, path = ""] = parts;
  const parsed = parseHostName(hostText);
  if (!parsed.ok) return `has a host that ${parsed.problem}`;
  const ssh = scheme === "ssh";
  if (portText !== undefined && !/^[1-9][0-9]{0,4}$/.test(portText)) return "has a port that is no number";
  const port = portText === undefined ? (ssh ? 22 : 443) : Number(portText);
  if (port > 65_535) return "has a port above 65535";
  if (!/^\/[A-Za-z0-9._~/+-]*[A-Za-z0-9._~+-]$/.test(path) || /(?:^|\/)\.{1,2}(?:\/|$)|\/\//.test(path)) {
    return path === "" || path === "/" ? "names no path" : "has a path with characters git hosts don't use";
  }
  if (ssh && !user) return "names no user: write ssh://git@…";
  if (!ssh && user !== undefined) return "must hold no user or password: the credential is `key`";
  if (user !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(user))
    return "has a user that is no plain name";
  return { scheme: ssh ? "ssh" : "https", user, host: parsed.host, port, path };
}

const url = () =>
  z.pipe(
    z.string(),
    z.transform((written: string, context): GitUpstream & { readonly written: string } => {
      const read = parseGitUrl(written);
      if (typeof read !== "string") return { ...read, written };
      context.issues.push({ code: "custom", message: read, input: written });
      return z.NEVER;
    }),
  );

const keyFile = () =>
  text((value) =>
    value.startsWith("/") || value.startsWith("~/") ? undefined : "must be an absolute path or begin with ~/",
  );

const apiUrl = () =>
  text((value) =>
    /^https:\/\/[^/@?#]+(?:\/[^?#]*)?$/.test(value)
      ? undefined
      : "must be https://host[/path], without user or query",
  );

/** Forges whose deploy keys the gate makes. */
const FORGES = ["gitea", "github", "gitlab"] as const;

const key = () =>
  z.discriminatedUnion("provider", [
    z.strictObject({
      provider: required(z.literal("static"), {
        description:
          "`static` (a key file), `gitea`, `github` or `gitlab` (a deploy key made at launch) or `token` (https)",
        acts: "now",
        shape: "`static`, `gitea`, `github`, `gitlab` or `token`",
      }),
      path: required(keyFile(), {
        description: "`static`: the private key file, mode 0600",
        acts: "now",
        shape: "path",
      }),
    }),
    ...FORGES.map((provider) =>
      z.strictObject({
        provider: z.literal(provider),
        forge_token_env: required(secretName(), {
          description: "`gitea`, `github`, `gitlab`: name of the secret that may add deploy keys",
          acts: "now",
          shape: "name",
        }),
        api_url: optional(apiUrl(), {
          description: "`gitea`, `github`, `gitlab`: the forge's API",
          default: "the upstream's host, as the forge has it",
          acts: "now",
        }),
      }),
    ),
    z.strictObject({
      provider: z.literal("token"),
      token_ref: required(secretName(), {
        description: "`token`: name of the secret for https",
        acts: "now",
        shape: "name",
      }),
    }),
  ]);

const HOST_KEY = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) AAAA\S*$/;

const flag = (description: string) => optional(FLAG, { description, default: false, acts: "now" });
const glob = (wrong: (value: string) => string | undefined) =>
  text((value) =>
    value.length > MAX_GLOB_LENGTH
      ? `is longer than ${MAX_GLOB_LENGTH} characters`
      : (globProblem(value) ?? wrong(value)),
  );

const refGlobs = () =>
  // its stars taken for letters, a glob of refs is a ref's name
  list(
    glob((value) => refNameProblem(refGlob(value).replaceAll("**", "x/x").replaceAll(/[*?]/g, "x"))),
    MAX_GLOBS,
  );

/** An empty list is taken here: it can't be read as "all". */
const pathGlobs = () =>
  z
    .array(glob((value) => (value.startsWith(".git/") ? "is in .git, where nothing is pushed" : undefined)))
    .check(z.maxLength(MAX_GLOBS, `has more than ${MAX_GLOBS} entries`));

const repo = () =>
  z
    .strictObject({
      url: required(url(), {
        description:
          "`ssh://user@host[:port]/path`, or `https://host[:port]/path` with `key: {provider: token}`",
        acts: "now",
        shape: "URL",
      }),
      key: required(key(), { description: "The gate's own credential", acts: "now", shape: "map, below" }),
      host_key: optional(
        text((value) => (HOST_KEY.test(value) ? undefined : "must be a host key: `ssh-ed25519 AAAA…`")),
        { description: "ssh: the server's public key; without it everything is refused", acts: "now" },
      ),
      push: optional(
        z.strictObject({
          allow: optional(refGlobs(), {
            description: "Refs that may be pushed; what does not begin with `refs/` is about branches",
            default: "every branch",
            acts: "now",
            shape: "list of globs",
          }),
          force: flag("Pushes that are no fast-forward, and tags that move"),
          delete: flag("Deleting refs; never the default branch"),
          tags: flag("Tags: those that `allow` lists, all where it lists none"),
          paths: optional(
            z.strictObject({
              hold: optional(pathGlobs(), {
                description: "Paths whose change waits for the operator; `[]`: none does",
                default: "CI and hook files",
                acts: "now",
                shape: "list of globs",
              }),
            }),
            {
              description: "Rules by path",
              acts: "now",
              shape: "map",
            },
          ),
        }),
        { description: "What may be pushed", acts: "now", shape: "map, below" },
      ),
      scanner: optional(z.enum(["both", "builtin", "gitleaks"]), {
        description: "What scans a push",
        default: "`both` if gitleaks is found, else `builtin`",
        acts: "now",
      }),
      sign: optional(
        z.strictObject({
          key: required(keyFile(), { description: "Signing key file", acts: "now", shape: "path" }),
        }),
        { description: "Sign the commits and tags that are pushed", acts: "now", shape: "map" },
      ),
    })
    .check((payload) => {
      const { url: upstream, key: credential, host_key } = payload.value;
      if (upstream.scheme === "https" && host_key !== undefined) {
        const message = "is for an ssh url: over https the server shows a certificate";
        payload.issues.push({ code: "custom", message, path: ["host_key"], input: host_key });
      }
      if ((upstream.scheme === "https") === (credential.provider === "token")) return;
      const message =
        upstream.scheme === "https"
          ? "must be `token` for an https url"
          : "must be `static`, `gitea`, `github` or `gitlab` for an ssh url";
      payload.issues.push({ code: "custom", message, path: ["key", "provider"], input: credential.provider });
    });

/** It stands in the gate's URLs: `-` is what isn't declared there, and git adds `.git` itself. */
const REPO_NAME = /^(?!\.{1,2}$|-$)[A-Za-z0-9._-]+(?<!\.git)$/i;

const plainLine = (what: string) =>
  // git itself refuses these in an identity
  text((value) => (/[\p{Cc}<>]/u.test(value) ? `is no ${what}: it holds a line break, < or >` : undefined));

export const GIT_USER = z.strictObject({
  name: optional(plainLine("name"), { description: "Author and committer name", acts: "now" }),
  email: optional(plainLine("address"), { description: "Author and committer e-mail", acts: "now" }),
});

/** Two entries of one repository: which key and which rules a push meets would be chance. */
const once = rule((repos: Readonly<Record<string, { readonly url: GitUpstream }>>) => {
  const names = new Map<string, string>();
  for (const [name, { url }] of Object.entries(repos)) {
    const place = `${url.host}:${url.port}${url.path.replace(/\.git$/, "")}`;
    const other = names.get(place);
    if (other !== undefined) return `has one upstream twice: ${other} and ${name}`;
    names.set(place, name);
  }
  return undefined;
});

export const gitGate = () =>
  z.strictObject({
    user: optional(GIT_USER, {
      description: "Identity git uses in the bottle",
      acts: "now",
      shape: "map, below",
    }),
    repos: optional(
      z
        .record(
          z
            .string()
            .check(
              z.regex(
                REPO_NAME,
                "is no repository name: letters, digits, `.`, `_` and `-`, no `.git` at the end",
              ),
            ),
          repo(),
        )
        .check(once),
      {
        description: "Repositories that may be pushed to",
        acts: "now",
        shape: "map of NAME to map, below",
      },
    ),
  });
