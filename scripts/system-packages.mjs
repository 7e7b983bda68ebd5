// The programs of the system that bot-bottle uses, and which package of which distribution holds each.
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** `dnf` and `pacman` where the name differs from Debian's. */
const PACKAGES = [
  { scope: "run", program: "bwrap", deb: "bubblewrap" },
  { scope: "run", program: "ip", deb: "iproute2", dnf: "iproute" },
  { scope: "run", program: "nsenter", deb: "util-linux" },
  { scope: "run", program: "git", deb: "git" },
  { scope: "run", program: "perl", deb: "perl-base", dnf: "perl-interpreter", pacman: "perl" },
  { scope: "run", file: "/etc/ssl/certs", deb: "ca-certificates" },
  { scope: "test", program: "openssl", deb: "openssl" },
  { scope: "test", program: "sshd", deb: "openssh-server", pacman: "openssh" },
  { scope: "test", program: "git-lfs", deb: "git-lfs" },
  { scope: "test", program: "curl", deb: "curl" },
  { scope: "test", program: "python3", deb: "python3-minimal", dnf: "python3", pacman: "python" },
  { scope: "test", program: "useradd", deb: "passwd", dnf: "shadow-utils", pacman: "shadow" },
  { scope: "bench", program: "nginx", deb: "nginx-light", dnf: "nginx", pacman: "nginx" },
  { scope: "bench", program: "wrk", deb: "wrk" },
  { scope: "bench", program: "gcc", deb: "gcc" },
  { scope: "bench", program: "mitmdump", deb: "mitmproxy" },
  { scope: "bench", program: "squid", deb: "squid-openssl", dnf: "squid", pacman: "squid" },
  { scope: "bench", program: "openssl", deb: "openssl" },
];
const SCOPES = { run: ["run"], test: ["run", "test"], bench: ["run", "bench"], check: [] };
/** An ordinary user's PATH often lacks the last three. */
const FOLDERS = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/local/sbin"];

/** The packages of `scope` whose program is not on this machine. */
export function missingPackages(scope) {
  if (process.platform !== "linux") return [];
  return PACKAGES.filter((item) => SCOPES[scope].includes(item.scope) && !isThere(item));
}

function isThere({ program, file }) {
  return program === undefined
    ? existsSync(file)
    : FOLDERS.some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The line a person types to install `packages`, in the words of this machine's package manager. */
export function installLine(packages) {
  const names = (manager) => packages.map((item) => item[manager] ?? item.deb).join(" ");
  if (existsSync("/usr/bin/apt-get")) return `sudo apt-get update && sudo apt-get install -y ${names("deb")}`;
  if (existsSync("/usr/bin/dnf")) return `sudo dnf install -y ${names("dnf")}`;
  if (existsSync("/usr/bin/pacman")) return `sudo pacman -S --needed ${names("pacman")}`;
  return `(your package manager's way to install) ${names("deb")}`;
}
