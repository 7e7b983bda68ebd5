// Everything bot-bottle needs before it runs: Node 24, packages of the system, packages of npm, the build. Says
// first what it will do; does nothing when there is nothing to do. Plain JavaScript without dependencies, because
// it runs on whatever Node is there (18 or newer), before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, isBuilt } from "./build.mjs";
import { withLock } from "./lock.mjs";
import { installLine, missingPackages } from "./system-packages.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tools = join(root, ".tools");
/** A link to the Node that runs bot-bottle; bin/bot-bottle starts it. */
export const nodeLink = join(tools, "node");
const npmStamp = join(root, "node_modules", ".bot-bottle-stamp");
const NODE_MAJOR = 24;

/** What was to be done and why it can't be; the message says what to do. */
export class SetupError extends Error {}

/**
 * Sets everything up. `scope` is `run` (what the program needs), `test` (also what the tests need), `bench` (also
 * the programs it is compared with) or `check` (Node and the npm packages only). Throws `SetupError`.
 */
export async function setup(scope) {
  if (plan(scope).length === 0) return;
  mkdirOrExplain(tools);
  await withLock(join(tools, "lock"), async () => {
    // asked again inside the lock: another run may have done it meanwhile
    const steps = plan(scope);
    if (steps.length === 0) return;
    say(`Setting up bot-bottle in ${root}. This will:`);
    for (const step of steps) say(`  - ${step.what}`);
    for (const step of steps) await step.act();
    say("Set-up done.\n");
  });
}

function plan(scope) {
  const steps = [];
  // first the step that may end in "ask your administrator", before anything is downloaded
  const missing = missingPackages(scope);
  if (missing.length > 0) steps.push(systemStep(missing));
  if (!hasNode()) steps.push(nodeStep());
  if (!hasNpmPackages(scope)) steps.push(npmStep(scope));
  if (scope !== "check" && (steps.length > 0 || !isBuilt()))
    steps.push({ what: "build the program into dist/", act: buildStep });
  return steps;
}

// ---- Node

function hasNode() {
  try {
    accessSync(nodeLink, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function nodeStep() {
  const found = nodeOnPath();
  if (found !== undefined) return { what: `use the Node at ${found}`, act: () => linkNode(found) };
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(root, "scripts", "node");
  const { version } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages[
    `node_modules/${name}`
  ] ?? { version: undefined };
  if (version === undefined) {
    return {
      what: `find Node ${NODE_MAJOR}`,
      act: () => {
        throw new SetupError(
          `PATH has Node ${process.versions.node}, and bot-bottle needs ${NODE_MAJOR} or newer. Install it (nodejs.org has it for ${process.platform} ${process.arch}), then run this again.`,
        );
      },
    };
  }
  return {
    what: `install Node ${version} into ${tools} (PATH has ${process.versions.node}; 190 MB, from npm, hash pinned)`,
    act: () => {
      for (const file of ["package.json", "package-lock.json"])
        copyFileSync(join(folder, file), join(tools, file));
      npm("--include=optional", tools);
      linkNode(join(tools, "node_modules", name, "bin", "node"));
    },
  };
}

/** The first Node on PATH that is new enough; the one running this first of all. */
function nodeOnPath() {
  const candidates = [
    process.execPath,
    ...(process.env.PATH ?? "").split(delimiter).map((dir) => join(dir, "node")),
  ];
  for (const path of new Set(candidates)) {
    if (path.startsWith(root) || !existsSync(path)) continue;
    const { stdout } = spawnSync(path, ["-v"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    if (Number(/^v(\d+)\./.exec(stdout ?? "")?.[1]) >= NODE_MAJOR) return path;
  }
  return undefined;
}

function linkNode(path) {
  const fresh = `${nodeLink}.${process.pid}`;
  symlinkSync(path, fresh);
  renameSync(fresh, nodeLink);
}

// ---- packages of the system

function systemStep(missing) {
  const line = installLine(missing);
  const names = missing.map(({ deb }) => deb).join(", ");
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const canInstall =
    existsSync("/usr/bin/apt-get") &&
    (asRoot.length === 0 || spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0);
  if (!canInstall) {
    return {
      what: `look for system packages: ${names}`,
      act: () => {
        throw new SetupError(
          `These system packages are missing: ${names}.\nRun this, then try again:\n\n  ${line}\n`,
        );
      },
    };
  }
  return {
    what: `install system packages with apt: ${names}`,
    act: () => {
      const apt = (...args) =>
        run(
          [
            ...asRoot,
            "env",
            "DEBIAN_FRONTEND=noninteractive",
            "apt-get",
            "-o",
            "DPkg::Lock::Timeout=500",
            ...args,
          ],
          root,
        );
      const install = ["install", "-y", "-qq", "--no-install-recommends", ...missing.map(({ deb }) => deb)];
      // package lists may be absent or too old to be true: only then fetch them
      if (!apt(...install)) {
        say("The package lists look out of date; fetching them and trying again.");
        if (!apt("update", "-qq") || !apt(...install)) {
          throw new SetupError(`apt could not install ${names}; its reason is above. By hand: ${line}`);
        }
      }
      const still = missingPackages("run").filter(({ deb }) => missing.some((item) => item.deb === deb));
      if (still.length > 0)
        throw new SetupError(`Installed, yet not found: ${still.map((p) => p.deb).join(", ")}`);
    },
  };
}

// ---- packages of npm

/** `run` leaves the development packages out: they are ten times the size, and only tests and checks use them. */
function npmContents(scope) {
  return scope === "run" ? "run" : "all";
}

function hasNpmPackages(scope) {
  try {
    const [hash, contents] = readFileSync(npmStamp, "utf8").split(" ");
    return hash === lockHash() && (contents === "all" || contents === npmContents(scope));
  } catch {
    return false;
  }
}

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function npmStep(scope) {
  const contents = npmContents(scope);
  return {
    what:
      contents === "run"
        ? "install the npm packages of package-lock.json (23 MB, no install scripts)"
        : "install the npm packages of package-lock.json, the tests' too (1.1 GB, no install scripts)",
    act: () => {
      npm(contents === "run" ? "--omit=dev" : "--include=dev", root);
      writeFileSync(npmStamp, `${lockHash()} ${contents}`);
    },
  };
}

/**
 * Installs what the lock file of `folder` says, hashes checked, and leaves that file alone. Not `npm ci`: it
 * refuses a lock file that doesn't list the optional binaries of every other platform.
 */
function npm(which, folder) {
  const path = process.env.npm_execpath;
  const command = path?.endsWith(".js") && existsSync(path) ? [process.execPath, path] : ["npm"];
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  if (!run([...command, "install", which, ...options], folder)) {
    throw new SetupError(`npm install failed in ${folder}; its reason is above.`);
  }
}

// ---- the rest

async function buildStep() {
  try {
    await build();
  } catch (error) {
    if (!Array.isArray(error?.errors)) throw error;
    throw new SetupError("The build failed; esbuild's reason is above.");
  }
}

/** Runs a program whose output goes to our stderr; true when it succeeded. */
function run([command, ...args], cwd) {
  // the calling npm's own settings (its command, its prefix) are not meant for another npm
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_)/.test(name)),
  );
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: ["ignore", 2, 2] });
  if (error !== undefined) say(`${command}: ${error.message}`);
  return status === 0;
}

function mkdirOrExplain(folder) {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new SetupError(
      `Can't write to ${root} (${error.code}). Set up as the owner of the checkout, or clone your own.`,
    );
  }
}

function say(text) {
  console.error(text);
}
