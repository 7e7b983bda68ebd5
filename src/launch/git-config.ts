import type { GitRepoPlan } from "../plan/git.ts";
import type { HomeFile, LaunchPlan } from "../plan/launch-plan.ts";
import { LFS_ANSWER_SECONDS } from "./limits.ts";

/** The gate as a bottle's git reaches it. */
const GATE = "http://git.bottle";

/** Hosts of one forge: ssh on a port that firewalls let through has a name of its own. */
const SAME_FORGE: Readonly<Record<string, string>> = {
  "ssh.github.com": "github.com",
  "altssh.gitlab.com": "gitlab.com",
};

const SSH_SCHEMES = ["ssh", "git+ssh", "ssh+git"];

/** A prefix of URLs, and what git puts in its place. */
type Rewrite = readonly [prefix: string, base: string];

/**
 * git-lfs gives up after 30 s without a byte, and the gate answers an upload when the upstream has the object, which it is
 * sent only when all of it was read.
 */
const LFS = [`[lfs ${quoted(`${GATE}/`)}]\n`, `\tactivitytimeout = ${LFS_ANSWER_SECONDS}\n`];

/**
 * The bottle's ~/.gitconfig: who commits, and which URLs lead to the gate (`url.BASE.insteadOf`, the longest prefix
 * wins). The agent may change it and gains nothing: it has no other way to an upstream, and holds no credential.
 */
export function gitConfig({ git, gitUser }: Pick<LaunchPlan, "git" | "gitUser">): HomeFile {
  const user = Object.entries(gitUser ?? {}).map(([key, value]) => `\t${key} = ${quoted(value)}\n`);
  const urls = rewrites(git).map(
    ([prefix, base]) => `[url ${quoted(base)}]\n\tinsteadOf = ${quoted(prefix)}\n`,
  );
  const content = [
    ...(user.length > 0 ? ["[user]\n", ...user] : []),
    ...(git.length > 0 ? LFS : []),
    ...urls,
  ].join("");
  return { path: ".gitconfig", content, mode: 0o600 };
}

/** As git-config(1) says: in double quotes, `"` and `\` escaped; the manifest lets no control character through. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

function rewrites(repos: readonly GitRepoPlan[]): readonly Rewrite[] {
  const spelled = new Map<string, string>();
  const add = (prefix: string, base: string) => {
    if (!spelled.has(prefix)) spelled.set(prefix, base);
  };
  for (const repo of repos) for (const prefix of exact(repo)) add(prefix, `${GATE}/${repo.name}`);
  // Two ports of a host may hold a repository of the same path: what says no port is the first's then.
  for (const repo of repos) for (const prefix of loose(repo)) add(prefix, `${GATE}/${repo.name}`);
  for (const [prefix, base] of [...spelled]) {
    // A prefix of a URL is also one of longer names: `team/w` of `team/widgets`, which would be another's name at the gate.
    for (const { name } of repos) {
      const rest = `${GATE}/${name}`.slice(base.length);
      if (rest !== "" && `${base}${rest}` === `${GATE}/${name}`)
        add(`${prefix}${rest}`, undeclared(`${prefix}${rest}`));
    }
  }
  for (const scheme of SSH_SCHEMES) add(`${scheme}://`, `${GATE}/-/ssh/`);
  add("git@", `${GATE}/-/scp/`);
  add("git://", `${GATE}/-/git/`);
  return [...spelled];
}

/** Where the gate says of a URL that nothing declares it; over http the sidecar itself does. */
function undeclared(url: string): string {
  const [, scheme = "", rest = ""] = /^([a-z+]+):\/\/(.*)$/.exec(url) ?? [];
  if (scheme.startsWith("http")) return url;
  if (scheme === "") return `${GATE}/-/scp/${url.replace(/^git@/, "")}`;
  return `${GATE}/-/${scheme === "git" ? "git" : "ssh"}/${rest}`;
}

/** Without `.git`, so that both spellings begin with it. */
function bare(url: string): string {
  return url.replace(/\/+$/, "").replace(/\.git$/, "");
}

/** Spellings that can mean nothing but the declared upstream. */
function exact({ url, upstream }: GitRepoPlan): readonly string[] {
  const { scheme, host, port } = upstream;
  const path = bare(upstream.path);
  if (scheme === "https")
    return [bare(url), `https://${host}:${port}${path}`, ...(port === 443 ? web(host, path) : [])];
  const user = upstream.user ?? "git";
  return [
    bare(url),
    ...SSH_SCHEMES.flatMap((ssh) => [
      `${ssh}://${user}@${host}:${port}${path}`,
      `${ssh}://${host}:${port}${path}`,
    ]),
    ...(port === 22 ? shell(user, host, path) : []),
  ];
}

/** What people write for the same repository: another protocol, no port, the forge's other name. */
function loose({ upstream }: GitRepoPlan): readonly string[] {
  const path = bare(upstream.path);
  const { host, user = "git" } = upstream;
  const other = SAME_FORGE[host];
  const hosts = other === undefined ? [host] : [host, other];
  return hosts.flatMap((name) => [...shell(user, name, path), ...web(name, path)]);
}

/** By ssh on its own port, as a URL and as scp writes it. */
function shell(user: string, host: string, path: string): readonly string[] {
  const short = path.slice(1);
  return [
    ...SSH_SCHEMES.flatMap((ssh) => [`${ssh}://${user}@${host}${path}`, `${ssh}://${host}${path}`]),
    ...[`${user}@${host}`, host].flatMap((place) => [`${place}:${short}`, `${place}:${path}`]),
  ];
}

function web(host: string, path: string): readonly string[] {
  return ["https", "http", "git"].map((scheme) => `${scheme}://${host}${path}`);
}
