import type { Socket as UdpSocket } from "node:dgram";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { Secret } from "../base/secret.ts";
import type { KnownSecret } from "../dlp/known/secret.ts";
import { builtinPatterns, patternsWith } from "../dlp/patterns/builtin.ts";
import { readRuleFile } from "../dlp/patterns/rule-file/read.ts";
import { JournalWriter } from "../journal/writer.ts";
import { Quotas } from "../policy/quota.ts";
import { compilePolicy } from "../policy/routes.ts";
import { Alarms } from "./alarms.ts";
import { serveDns } from "./dns/server.ts";
import { createCertificateAuthority } from "./egress/ca.ts";
import { createEgress, type Egress } from "./egress/egress.ts";
import { createGitGate } from "./git-gate/create-gate.ts";
import { LauncherPrograms } from "./git-gate/launcher-programs.ts";
import { PROXY_PORT } from "./limits.ts";
import type { FromSidecar, ListenerMessage, SidecarConfig, ToSidecar } from "./protocol.ts";
import { answerOperator } from "./supervise/operator-request.ts";
import { ProposalStore } from "./supervise/proposals.ts";

/**
 * The sidecar process: wiring only. It is told what to do over the IPC channel it was born with, takes over the
 * sockets that were bound inside the bottle's network, and ends when that channel does.
 */

interface Planes {
  readonly egress: Egress;
  readonly journal: JournalWriter;
  readonly proposals: ProposalStore;
}

const programs = new LauncherPrograms(tell);
let planes: Planes | undefined;
const listening: Promise<void>[] = [];
const waiting: { message: ListenerMessage; handle: unknown }[] = [];

function tell(message: FromSidecar): void {
  process.send?.(message);
}

/** Nothing may go on half-working: a sidecar that failed is gone, and with it the bottle's network (G10). */
function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  try {
    planes?.journal.append({ kind: "lifecycle", event: "sidecar_failed", message }, Date.now());
    planes?.journal.flush();
  } catch {
    // the journal may be what failed
  }
  tell({ type: "failed", message });
  process.exit(1);
}

function start(config: SidecarConfig, values: Readonly<Record<string, string>>): string {
  const journal = JournalWriter.onDescriptors(config.journal, config.id, (error) =>
    fail(new Error(`the journal could not be written: ${error.message}`)),
  );
  const vault = new Map(Object.entries(values).map(([name, value]) => [name, new Secret(name, value)]));
  const secrets = knownSecrets(config, vault);
  const alarms = new Alarms((line) => tell({ type: "notice", line }));
  const proposals = new ProposalStore({
    now: Date.now,
    onEvent: (event) => {
      journal.append(event, Date.now());
      alarms.proposal(event);
    },
  });
  const ca = createCertificateAuthority({ name: config.id, now: Date.now() });
  const egress = createEgress({
    policy: compilePolicy({ routes: config.routes, gitHosts: config.gitHosts }),
    vault,
    secrets,
    patterns: config.rules === undefined ? builtinPatterns() : patternsWith(readRuleFile(config.rules)),
    quotas: new Quotas(config.quotas, config.spent, (event) => {
      journal.append({ kind: "lifecycle", ...event }, Date.now());
      alarms.quota(event);
    }),
    upstream: config.upstream,
    ca,
    log: config.log,
    record: (event) => {
      journal.append(event, Date.now());
      alarms.request(event);
    },
    // Without a repository too: it says of every other that nothing declares it.
    inner: (shared) => [
      createGitGate(
        {
          repos: config.git,
          programs,
          vault,
          secrets,
          proposals: config.supervise ? proposals : undefined,
          rules: config.rules,
          record: (event) => {
            journal.append(event, Date.now());
            alarms.git(event);
          },
        },
        shared,
      ),
    ],
    ownAddresses: Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((i) => i.address)),
  });
  planes = { egress, journal, proposals };
  return ca.certificatePem;
}

/** What is searched for in what leaves. A secret that a route puts on is the sidecar's, whoever else holds it. */
function knownSecrets(config: SidecarConfig, vault: ReadonlyMap<string, Secret>): KnownSecret[] {
  const brokered = new Set([
    ...config.routes.flatMap(({ auth }) => (auth ? [auth.secret] : [])),
    ...config.git.flatMap(({ key }) => (key.provider === "static" ? [] : [key.secret])),
  ]);
  const bottle = new Set(config.bottleSecrets);
  return [...vault].flatMap(([name, value]): KnownSecret[] => {
    if (name === config.canary) return [{ name, value, kind: "canary" }];
    if (brokered.has(name)) return [{ name, value, kind: "brokered" }];
    return bottle.has(name) ? [{ name, value, kind: "bottle" }] : [];
  });
}

/** A raw handle is only bound; `listen` here is the first and only one, so no one else can win an accept. */
function listen(server: Server, handle: unknown): Server {
  listening.push(
    new Promise((resolve, reject) => {
      server.once("listening", resolve).once("error", reject);
    }),
  );
  server.listen(handle);
  return server;
}

function serveAll({ egress, journal }: Planes): void {
  let dnsUdp: UdpSocket | undefined;
  let dnsTcp: Server | undefined;
  for (const { message, handle } of waiting.splice(0)) {
    if (message.kind === "udp") dnsUdp = handle as UdpSocket;
    else if (message.port === 53) dnsTcp = listen(createServer(), handle);
    else if (message.port === PROXY_PORT) {
      listen(
        createServer({ noDelay: true, pauseOnConnect: true }, (s) => egress.acceptProxy(s)),
        handle,
      );
    } else {
      const port = message.port;
      listen(
        createServer({ noDelay: true, pauseOnConnect: true }, (s) => egress.acceptTransparent(s, port)),
        handle,
      );
    }
  }
  if (!dnsUdp || !dnsTcp) throw new Error("no DNS sockets were handed over");
  serveDns({ udp: dnsUdp, tcp: dnsTcp, onEvent: (event) => journal.append(event, Date.now()) });
}

let certificate = "";
process.on("message", (message: ToSidecar, handle: unknown) => {
  switch (message.type) {
    case "init":
      certificate = start(message.config, message.secrets);
      return;
    case "listener":
      waiting.push({ message, handle });
      return;
    case "serve":
      if (!planes) fail("serve before init");
      serveAll(planes);
      Promise.all(listening).then(() => tell({ type: "ready", ca: certificate }), fail);
      return;
    case "git_stream":
    case "git_failed":
    case "git_exit":
      programs.receive(message, handle);
      return;
    case "record":
      planes?.journal.append(message.event, Date.now());
      planes?.journal.flush();
      tell({ type: "recorded" });
      return;
    case "supervise": {
      if (!planes) fail("supervise before init");
      const { call, request } = message;
      const answer = answerOperator(planes.proposals, request);
      // a decision that isn't in the journal was not made
      planes.journal.flush();
      tell({ type: "supervised", call, answer });
      return;
    }
    case "stop":
      planes?.egress.close();
      planes?.journal.flush();
      process.exit(0);
  }
});
process.on("disconnect", () => {
  planes?.journal.flush();
  process.exit(0);
});
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
tell({ type: "booted" });
