// The machine under test in the fake internet: its address, its way out, its name server (argument: a resolv.conf), and
// services of its own.
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { HOST_SERVICES, type Sighting } from "./fake-internet.ts";

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "inherit", "inherit"] });
}

function serve(service: string, where: { port: number; host: string } | { path: string }): Promise<void> {
  const server = createServer((socket) => {
    const chunks: Buffer[] = [];
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.end("a service of the host\n");
    socket.on("close", () => {
      const sighting: Sighting = { kind: "host", service, data: Buffer.concat(chunks).toString("latin1") };
      process.send?.(sighting);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, resolve);
  });
}

async function up(): Promise<void> {
  ip("link", "set", "lo", "up");
  ip("addr", "add", "192.0.2.2/24", "dev", "eth0");
  ip("-6", "addr", "add", "2001:db8:1::2/64", "dev", "eth0", "nodad");
  ip("link", "set", "eth0", "up");
  ip("route", "add", "default", "via", "192.0.2.1");
  ip("-6", "route", "add", "default", "via", "2001:db8:1::1");
  execFileSync("mount", ["--bind", process.argv[2] ?? "", "/etc/resolv.conf"]);
  await serve("tcp", { port: HOST_SERVICES.tcp, host: "::" });
  await serve("abstract", { path: `\0${HOST_SERVICES.abstract}` });
  process.send?.("up");
}

process.on("message", (message) => {
  if (message === "wired") {
    up().catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  }
});
process.on("disconnect", () => process.exit(0));
process.send?.("born");
