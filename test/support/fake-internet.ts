import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SeenRequest } from "./https-origin.ts";
import type { Credentials } from "./pki.ts";
import { CHECKOUT } from "./program.ts";

const isRoot = process.getuid?.() === 0;

/** Everything that can be seen from outside the machine under test, as it happens. */
export type Sighting =
  /** a packet on the wire that leaves the machine */
  | { readonly kind: "packet"; readonly protocol: string; readonly to: string; readonly port: number }
  /** a TCP connection that an unlisted address accepted, and the first bytes it brought */
  | { readonly kind: "tcp"; readonly to: string; readonly port: number; readonly data: string }
  | { readonly kind: "udp"; readonly to: string; readonly port: number; readonly data: string }
  /** a DNS question and the server it was put to */
  | { readonly kind: "dns"; readonly to: string; readonly name: string; readonly type: string }
  /** a request that reached an upstream of the fake internet */
  | { readonly kind: "request"; readonly upstream: string; readonly seen: Omit<SeenRequest, "body"> }
  /** a connection to one of the machine's own services */
  | { readonly kind: "host"; readonly service: string; readonly data: string };

export interface Upstream {
  /** a public address such as 203.0.113.10 */
  readonly address: string;
  readonly credentials: Credentials;
}

export interface InternetPlan {
  /** NAME -> HTTPS server on port 443 of its address, plain HTTP on 80 */
  readonly upstreams: Readonly<Record<string, Upstream>>;
  /** name -> addresses, one after another at each question; what isn't listed does not exist */
  readonly names: Readonly<Record<string, readonly string[]>>;
}

export type FromInternet =
  | { readonly type: "ready"; readonly hostPid: number }
  | { readonly type: "sighting"; readonly sighting: Sighting };

/** Ports of the sinks. */
export const SINK_PORTS = {
  tcp: [22, 25, 53, 80, 443, 853, 3128, 8080, 8443],
  udp: [53, 123, 443],
} as const;

/** The machine's own services that nothing in a bottle may reach. */
export const HOST_SERVICES = { tcp: 8080, abstract: "bot-bottle-host-service" } as const;

/** DNS server of the machine under test; it lies in the fake internet. */
export const NAME_SERVER = "203.0.113.53";

/**
 * A machine with a network of its own whose every packet ends in a sink: two network namespaces, one with a default
 * route through a veth pair, the other answering as each address there is. A leak is seen here and goes nowhere.
 * An ordinary user makes it in a user namespace.
 */
export class FakeInternet {
  readonly sightings: Sighting[] = [];
  readonly #folder: string;
  readonly #holder: ChildProcess;
  readonly #hostPid: number;
  /** keeps the user namespace in which an ordinary user is itself; undefined for root */
  readonly #self: ChildProcess | undefined;

  private constructor(folder: string, holder: ChildProcess, hostPid: number, self: ChildProcess | undefined) {
    this.#folder = folder;
    this.#holder = holder;
    this.#hostPid = hostPid;
    this.#self = self;
  }

  static async start(plan: InternetPlan): Promise<FakeInternet> {
    const main = join(CHECKOUT, "test/support/fake-internet-main.ts");
    const folder = mkdtempSync(join(tmpdir(), "fake-internet-"));
    const resolvConf = join(folder, "resolv.conf");
    writeFileSync(resolvConf, `nameserver ${NAME_SERVER}\noptions timeout:5 attempts:3\n`);
    chmodSync(resolvConf, 0o644);
    const holder = spawn("unshare", [isRoot ? "-nm" : "-Urnm", "--", process.execPath, main, resolvConf], {
      stdio: ["pipe", "inherit", "inherit", "ipc"],
    });
    const early: Sighting[] = [];
    let take = (sighting: Sighting) => void early.push(sighting);
    const hostPid = await new Promise<number>((resolve, reject) => {
      holder.once("exit", (code) => reject(new Error(`the fake internet ended with ${code}`)));
      holder.on("message", (message: FromInternet) => {
        if (message.type === "ready") resolve(message.hostPid);
        else take(message.sighting);
      });
      holder.send(plan);
    });
    const internet = new FakeInternet(
      folder,
      holder,
      hostPid,
      isRoot ? undefined : await becomeSelf(hostPid),
    );
    internet.sightings.push(...early);
    take = (sighting) => void internet.sightings.push(sighting);
    return internet;
  }

  /** argv that enters the machine: for `HomeOptions.enter`, or before any command. */
  get enter(): readonly string[] {
    const self = this.#self;
    return self === undefined
      ? [...machine(this.#hostPid), "--"]
      : [
          ...machine(this.#hostPid),
          "--",
          "nsenter",
          "-t",
          String(self.pid),
          "-U",
          "--preserve-credentials",
          "--",
        ];
  }

  /** What was seen of one kind. */
  of<K extends Sighting["kind"]>(kind: K): Extract<Sighting, { kind: K }>[] {
    return this.sightings.filter((one): one is Extract<Sighting, { kind: K }> => one.kind === kind);
  }

  /** Lets what is on the wire arrive: a marker packet of the machine itself has been seen. */
  async settle(): Promise<void> {
    const marker = `marker-${Math.random().toString(36).slice(2)}`;
    const send = `exec 3<>/dev/udp/198.51.100.1/123 && printf %s ${marker} >&3`;
    const [file, ...rest] = this.enter;
    spawn(file ?? "", [...rest, "bash", "-c", send], { stdio: "ignore" });
    const arrived = () => this.of("udp").some((one) => one.data === marker);
    for (let tries = 0; tries < 3000 && !arrived(); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!arrived()) throw new Error("the fake internet does not see its own marker");
    const isMarker = (one: Sighting) =>
      (one.kind === "udp" && one.data === marker) || (one.kind === "packet" && one.to === "198.51.100.1");
    this.sightings.splice(0, this.sightings.length, ...this.sightings.filter((one) => !isMarker(one)));
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#holder.once("exit", resolve));
    this.#self?.kill("SIGKILL");
    this.#holder.disconnect();
    await gone;
    rmSync(this.#folder, { recursive: true });
  }
}

/** argv that enters the machine's namespaces; an ordinary user is root in them, as whom it made them. */
function machine(hostPid: number): string[] {
  const target = ["nsenter", "-t", String(hostPid), "-n", "-m"];
  return isRoot ? target : [...target, "-U", "--preserve-credentials"];
}

/** One more user namespace, in which the ordinary user has its own uid again; all calls share it, as on a machine. */
async function becomeSelf(hostPid: number): Promise<ChildProcess> {
  const map = [`--map-user=${process.getuid?.()}`, `--map-group=${process.getgid?.()}`];
  const [, ...enter] = machine(hostPid);
  const holder = spawn("nsenter", [...enter, "--", "unshare", "-U", ...map, "--", "cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  // it echoes when it has got there
  holder.stdin.write("there\n");
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once("data", () => resolve());
    holder.once("exit", (code) => reject(new Error(`the ordinary user could not become itself: ${code}`)));
  });
  return holder;
}
