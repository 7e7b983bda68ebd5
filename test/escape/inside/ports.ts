// Taking a port from under the sidecar, or before it: whoever accepts first reads what another program meant for it.
import { createServer } from "node:net";
import { failed, https, type Outcome, type Probes, perl, runProbes, way } from "./lib.ts";

const PORTS = [53, 80, 443, 9099, 8443] as const;
const SO = { reuseaddr: 2, bindtodevice: 25, reuseport: 15, freebind: 15, transparent: 19 };

const bind = (port: number, options: string, address = "INADDR_ANY", type = "SOCK_STREAM") =>
  perl(
    `bind($s, sockaddr_in(${port}, ${address}))${type === "SOCK_STREAM" ? " && listen($s, 5)" : ""}`,
    `socket(our $s, AF_INET, ${type}, 0); ${options}`,
  );

const set = (option: number, level = "SOL_SOCKET") => `setsockopt($s, ${level}, ${option}, pack("i", 1));`;

const takes: Probes = Object.fromEntries(
  PORTS.flatMap((port) => [
    [`plain-${port}`, () => bind(port, "")],
    [`reuse-address-${port}`, () => bind(port, set(SO.reuseaddr))],
    [`reuse-port-${port}`, () => bind(port, set(SO.reuseaddr) + set(SO.reuseport))],
    [
      `bind-device-${port}`,
      () =>
        bind(
          port,
          `${set(SO.reuseaddr)} setsockopt($s, SOL_SOCKET, ${SO.bindtodevice}, "lo") or do { print "EPERM"; exit };`,
        ),
    ],
    [
      `one-address-${port}`,
      () => bind(port, set(SO.reuseaddr) + set(SO.reuseport), 'inet_aton("127.0.0.1")'),
    ],
    [`foreign-address-${port}`, () => bind(port, set(SO.freebind, "0"), 'inet_aton("203.0.113.10")')],
  ]),
);

/** A v6 listener that takes v4 too, or only v6, on a port the sidecar listens on. */
function nodeListens(port: number, host: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", (error) => resolve(failed(error)));
    server.listen({ port, host, ipv6Only: true }, () => {
      server.close();
      resolve({ kind: "done", detail: `listens on ${host} ${port}` });
    });
  });
}

await runProbes({
  free: () => bind(5000, set(SO.reuseaddr)),
  ...takes,
  "udp-53": () => bind(53, set(SO.reuseaddr) + set(SO.reuseport), "INADDR_ANY", "SOCK_DGRAM"),
  "udp-53-one-address": () =>
    bind(53, set(SO.reuseaddr) + set(SO.reuseport), 'inet_aton("8.8.8.8")', "SOCK_DGRAM"),
  "v6-443": () => nodeListens(443, "::"),
  "v6-9099": () => nodeListens(9099, "::"),
  "v6-loopback-443": () => nodeListens(443, "::1"),
  "transparent-option": () =>
    perl(`setsockopt($s, 0, ${SO.transparent}, pack("i", 1))`, "socket(our $s, AF_INET, SOCK_STREAM, 0)"),
  afterwards: () => https("api.example.com", `/v1/${way}/afterwards`),
});
