import { CA_VARIABLES } from "../providers/ca-variables.ts";

/** Where the bottle's trust store lies inside it: the system's certificates and the bottle's CA. */
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** The environment every program in a bottle starts with; nothing of the host's. `terminal`: value of TERM. */
export function agentEnvironment(bottle: {
  readonly id: string;
  readonly terminal: string | undefined;
}): Record<string, string> {
  return {
    HOME: "/home/agent",
    USER: "agent",
    LOGNAME: "agent",
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    PATH: "/opt/node/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
    BOT_BOTTLE: bottle.id,
    ...Object.fromEntries(CA_VARIABLES.map((name) => [name, CA_BUNDLE])),
    ...(bottle.terminal === undefined ? {} : { TERM: bottle.terminal, COLORTERM: "truecolor" }),
  };
}
