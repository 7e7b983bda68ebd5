// Runs in a network namespace of its own (fake-internet.ts): it is the internet. The machine under test is a child in
// a second namespace; the veth pair between them is the machine's only way out.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { decode, encode, type StringAnswer } from "dns-packet";
import {
  type FromInternet,
  type InternetPlan,
  NAME_SERVER,
  SINK_PORTS,
  type Sighting,
} from "./fake-internet.ts";
import { type Origin, startOrigin } from "./https-origin.ts";

const FOLDER = dirname(fileURLToPath(import.meta.url));

function tell(message: FromInternet): void {
  process.send?.(message);
}

function saw(sighting: Sighting): void {
  tell({ type: "sighting", sighting });
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "inherit", "inherit"] });
}

const unmapped = (address: string | undefined) => (address ?? "").replace(/^::ffff:/, "");

/** An upstream's connections are its own. Elsewhere: what a leak brings is logged, and the connection closed. */
function tcpSink(port: number, upstreams: ReadonlyMap<string, Origin>): Promise<void> {
  const server = createServer((socket: Socket) => {
    const to = unmapped(socket.localAddress);
    const upstream = upstreams.get(`${to}:${port}`);
    if (upstream !== undefined) {
      upstream.accept(socket);
      return;
    }
    socket.on("error", () => undefined);
    socket.setTimeout(300, () => socket.destroy());
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("close", () => saw({ kind: "tcp", to, port, data: Buffer.concat(chunks).toString("latin1") }));
  });
  return new Promise((resolve) => void server.listen(port, "::", resolve));
}

/** node does not tell which address a datagram was for; the packet log does. */
function udpSink(port: number, names: InternetPlan["names"], address = "::"): Promise<void> {
  const socket = createSocket({ type: address === "::" ? "udp6" : "udp4", reuseAddr: true });
  const asked = new Map<string, number>();
  socket.on("error", () => undefined);
  socket.on("message", (message, peer) => {
    if (port !== 53) {
      saw({ kind: "udp", to: "any", port, data: message.toString("latin1") });
      return;
    }
    const answer = dnsAnswer(message, names, asked);
    if (answer !== undefined) socket.send(answer, peer.port, peer.address);
  });
  return new Promise((resolve) => void socket.bind(port, address, resolve));
}

function dnsAnswer(
  message: Buffer,
  names: InternetPlan["names"],
  asked: Map<string, number>,
): Buffer | undefined {
  try {
    const query = decode(message);
    const question = query.questions?.[0];
    if (question === undefined) return undefined;
    const name = question.name.toLowerCase();
    saw({ kind: "dns", to: "any", name, type: question.type });
    const addresses = names[name];
    const turn = asked.get(name) ?? 0;
    asked.set(name, turn + 1);
    const data = addresses?.[turn % addresses.length];
    const answers: StringAnswer[] =
      question.type === "A" && data !== undefined ? [{ type: "A", name, ttl: 0, data }] : [];
    const rcode = addresses === undefined ? 3 : 0;
    return encode({
      type: "response",
      id: query.id ?? 0,
      flags: 0x0180 | rcode,
      questions: query.questions ?? [],
      answers,
    });
  } catch {
    saw({ kind: "dns", to: "any", name: message.toString("latin1"), type: "unreadable" });
    return undefined;
  }
}

/** Every IP packet that comes over the wire, neighbour discovery of the kernel itself excepted. */
const SNIFFER = `
use Socket; $| = 1;
socket(my $s, 17, 3, 0x0300) or die "packet socket: $!";
print "ready\\n";
my %seen;
while (defined(my $from = recv($s, my $frame, 4096, 0))) {
  next if unpack("x10C", $from) == 4;
  my $type = unpack("x12n", $frame); my ($proto, $to, $at);
  if ($type == 0x0800) { my $size = (unpack("x14C", $frame) & 15) * 4; $proto = unpack("x23C", $frame); $to = join(".", unpack("x30C4", $frame)); $at = 14 + $size }
  elsif ($type == 0x86dd) { $proto = unpack("x20C", $frame); $to = Socket::inet_ntop(AF_INET6, substr($frame, 38, 16)); $at = 54; next if $proto == 0 || ($proto == 58 && unpack("x54C", $frame) >= 130) }
  else { next }
  my $port = $proto == 6 || $proto == 17 ? unpack("x" . ($at + 2) . "n", $frame) : 0;
  print "$proto $to $port\\n" unless $seen{"$proto $to $port"}++ > 50;
}`;

function sniff(): Promise<ChildProcess> {
  const perl = spawn("perl", ["-e", SNIFFER], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve) => {
    createInterface({ input: perl.stdout }).on("line", (line) => {
      if (line === "ready") {
        resolve(perl);
        return;
      }
      const [number = "", to = "", port = "0"] = line.split(" ");
      const protocol = { "1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6" }[number] ?? number;
      saw({ kind: "packet", protocol, to, port: Number(port) });
    });
  });
}

/** The machine under test: its own namespace, its services, its resolv.conf. */
function startHost(resolvConf: string): Promise<ChildProcess> {
  const script = join(FOLDER, "fake-internet-host.ts");
  const host = spawn("unshare", ["-nm", "--", process.execPath, script, resolvConf], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    host.once("exit", (code) => reject(new Error(`the machine under test ended with ${code}`)));
    host.on("message", (message: "born" | "up" | Sighting) => {
      if (message === "born") {
        ip("link", "add", "wire", "type", "veth", "peer", "name", "eth0", "netns", String(host.pid));
        ip("addr", "add", "192.0.2.1/24", "dev", "wire");
        ip("-6", "addr", "add", "2001:db8:1::1/64", "dev", "wire", "nodad");
        ip("link", "set", "wire", "up");
        host.send("wired");
      } else if (message === "up") resolve(host);
      else saw(message);
    });
  });
}

async function main(plan: InternetPlan): Promise<void> {
  ip("link", "set", "lo", "up");
  const host = await startHost(process.argv[2] ?? "");
  // in the main table, so that the wire's own subnets stay nearer
  ip("route", "add", "local", "0.0.0.0/0", "dev", "lo", "table", "main");
  ip("-6", "route", "add", "local", "::/0", "dev", "lo", "table", "main");
  const upstreams = new Map<string, Origin>();
  for (const [name, { address, credentials }] of Object.entries(plan.upstreams)) {
    for (const port of [80, 443]) {
      const origin = await startOrigin(port === 443 ? { credentials } : {});
      upstreams.set(`${address}:${port}`, origin);
      const push = origin.seen.push.bind(origin.seen);
      origin.seen.push = (...requests) => {
        for (const { body: _body, ...seen } of requests) saw({ kind: "request", upstream: name, seen });
        return push(...requests);
      };
    }
  }
  for (const port of SINK_PORTS.tcp) await tcpSink(port, upstreams);
  for (const port of SINK_PORTS.udp) await udpSink(port, plan.names);
  await udpSink(53, plan.names, NAME_SERVER);
  const perl = await sniff();
  process.on("disconnect", () => {
    perl.kill("SIGKILL");
    host.kill("SIGKILL");
    process.exit(0);
  });
  tell({ type: "ready", hostPid: host.pid ?? -1 });
}

process.once("message", (plan: InternetPlan) => {
  main(plan).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
