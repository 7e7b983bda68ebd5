// A WebSocket of node's own client, by each way out; what it sends and what comes of it.
import { spawnSync } from "node:child_process";
import { args, type Outcome, type Probes, runProbes, way } from "./lib.ts";

const PROXY = { NODE_USE_ENV_PROXY: "1", HTTPS_PROXY: "http://sidecar:9099" };
const WAYS = [
  { out: "transparent", url: "wss://api.example.com", env: {} },
  { out: "proxy", url: "wss://api.example.com", env: PROXY },
  { out: "reverse", url: "ws://sidecar:9099/api.example.com", env: {} },
];

const secret = process.env.DEPLOY_KEY ?? "";
// Every bottle has one, under a name that nobody knows: all that looks like it is sent.
const canaries = Object.values(process.env).filter((value) => /^[A-Za-z0-9]{32}$/.test(value ?? ""));

/** Sends `messages`, each when an answer to the one before has come; what came, and how it ended. */
function talk(url: string, messages: readonly (string | undefined)[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const came: string[] = [];
    const left = [...messages];
    socket.addEventListener("message", ({ data }) => {
      came.push(String(data));
      const message = left.shift();
      if (message === undefined) socket.close(1000);
      else socket.send(message);
    });
    socket.addEventListener("close", ({ code, reason }) =>
      resolve({ kind: "done", detail: JSON.stringify({ came, code, reason }) }),
    );
  });
}

const [out, url] = args;
if (out === undefined)
  // a proxy is looked for in the environment when node starts
  for (const one of WAYS)
    spawnSync(process.execPath, [process.argv[1] ?? "", way, one.out, one.url], {
      env: { ...process.env, ...one.env },
      stdio: "inherit",
    });
else {
  const to = (name: string, messages: readonly (string | undefined)[]) => ({
    [`${out} ${name}`]: () => talk(`${url}/v1/${out}/${name}`, messages),
  });
  const probes: Probes = {
    ...to("clean", ["over here", "and again"]),
    ...to("secret", ["over here", `key: ${secret}`]),
    ...to("spelled", [Buffer.from(`xx${secret}`).toString("base64")]),
    ...to("split", [secret.slice(0, 9), secret.slice(9, 18), secret.slice(18)]),
    ...to("canary", canaries),
  };
  await runProbes(probes);
}
