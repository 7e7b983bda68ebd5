import type { ToolFile } from "../../backends/backend.ts";
import type { SshHost } from "./job.ts";

/**
 * The files of one `ssh` to an upstream: its whole configuration, the one host key it may meet and the gate's key. No
 * agent, no user's or system's configuration, nothing forwarded, nothing learned. Every value was checked when the
 * manifest was read.
 */
export function sshFiles({ user, host, port, hostKey, key }: SshHost): readonly ToolFile[] {
  const config = `Host upstream
HostName ${host}
Port ${port}
User ${user}
HostKeyAlias upstream
HostKeyAlgorithms ${hostKeyAlgorithms(hostKey)}
IdentityFile /ssh/key
IdentitiesOnly yes
IdentityAgent none
CertificateFile none
BatchMode yes
ConnectTimeout 10
ConnectionAttempts 1
ServerAliveInterval 15
ServerAliveCountMax 4
StrictHostKeyChecking yes
UserKnownHostsFile /ssh/known_hosts
GlobalKnownHostsFile /dev/null
UpdateHostKeys no
CheckHostIP no
PreferredAuthentications publickey
ClearAllForwardings yes
ForwardAgent no
PermitLocalCommand no
ControlMaster no
ControlPath none
RequestTTY no
EscapeChar none
LogLevel ERROR
ProxyCommand /bin/cat </tmp/in & exec /bin/cat >/tmp/out
`;
  return [
    { path: "/ssh/config", content: config, mode: "0600" },
    { path: "/ssh/known_hosts", content: `upstream ${hostKey}\n`, mode: "0600" },
    { path: "/ssh/key", content: key, mode: "0600" },
  ];
}

/** Signature algorithms of the pinned key's type (RFC 8332 for RSA): the server has to show that very key. */
function hostKeyAlgorithms(hostKey: string): string {
  const type = hostKey.split(" ")[0] ?? "";
  return type === "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256" : type;
}
