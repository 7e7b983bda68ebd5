import { isIP } from "node:net";
import * as z from "zod/mini";
import { parseAuthority } from "../../policy/host.ts";
import { FLAG, list, optional, required, text, VARIABLE } from "./key.ts";
import { duration } from "./quantity.ts";

export const BACKENDS = [
  "linux",
  "docker",
  "podman",
  "microvm",
  "macos-container",
  "smolmachines",
  "kubernetes",
] as const;

const file = () =>
  text((value) =>
    value.startsWith("/") || value.startsWith("~/") ? undefined : "must be an absolute path or begin with ~/",
  );

const command = () => list(z.string().check(z.minLength(1, "is empty")));

const secret = () =>
  z.union([
    z.strictObject({
      file: required(file(), {
        description: "File that holds the value, readable by you alone",
        acts: "now",
        shape: "path",
      }),
    }),
    z.strictObject({
      command: required(command(), {
        description: "Program whose output is the value",
        acts: "now",
        shape: "list: program and arguments",
      }),
    }),
  ]);

/** `address:port` with the address in its usual spelling, `[…]` around IPv6; undefined: it is none. */
export function parseAddressPort(written: string): string | undefined {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9][0-9]{0,4})$/.exec(written);
  if (parts === null || Number(parts[3]) > 65_535) return undefined;
  const [, six, four, port] = parts;
  if (six !== undefined) return isIP(six) === 6 ? `[${six.toLowerCase()}]:${port}` : undefined;
  return four !== undefined && isIP(four) === 4 ? `${four}:${port}` : undefined;
}

const resolve = () =>
  z.record(
    z.string().check((payload) => {
      const read = parseAuthority(payload.value, undefined);
      if (read.ok) return;
      const message = `must be host:port; it ${read.problem}`;
      payload.issues.push({ code: "custom", message, input: payload.value });
    }),
    text((value) =>
      parseAddressPort(value) === undefined
        ? "must be address:port, such as 127.0.0.1:8443 or [::1]:8443"
        : undefined,
    ),
  );

const proxy = () =>
  text((value) => {
    const read = /^http:\/\/([^/@?#]+)\/?$/.exec(value);
    const authority = read?.[1];
    if (authority === undefined) return "must be http://host:port";
    return parseAddressPort(authority) !== undefined || parseAuthority(authority, undefined).ok
      ? undefined
      : "must be http://host:port";
  });

/** `settings.yml`. */
export const settingsSchema = () =>
  z.strictObject({
    backend: optional(z.enum(BACKENDS), {
      description: "Backend where no `--backend` is given",
      default: "linux",
      acts: "now",
    }),
    secrets: optional(
      z.record(
        z.string().check(z.regex(VARIABLE, "is no secret name: letters, digits and underscores")),
        secret(),
      ),
      {
        description: "Where a `token_ref` is looked up besides the environment",
        acts: "now",
        shape: "map of NAME to `{file}` or `{command}`",
      },
    ),
    upstream: optional(
      z.strictObject({
        resolve: optional(resolve(), {
          description: "Your own address for a host; the only way to a private one",
          acts: "now",
          shape: "map of host:port to address:port",
        }),
        ca_file: optional(file(), {
          description: "Certificates trusted besides the system's",
          acts: "now",
          shape: "path",
        }),
        proxy: optional(proxy(), {
          description: "Proxy the sidecar goes out through",
          acts: "now",
          shape: "http://host:port",
        }),
        proxy_resolves: optional(FLAG, {
          description: "Give the proxy names instead of checked addresses",
          default: false,
          acts: "now",
        }),
      }),
      { description: "How the sidecar reaches the outside", acts: "now", shape: "map, below" },
    ),
    notify: optional(
      z.strictObject({
        command: required(command(), {
          description: "Program run when something waits for you",
          acts: "later",
          shape: "list: program and arguments",
        }),
      }),
      { description: "Notices", acts: "later", shape: "map, below" },
    ),
    retention: optional(
      z.strictObject({
        journal: optional(duration(), {
          description: "Age at which journals are removed",
          acts: "later",
          shape: "time",
        }),
        state: optional(duration(), {
          description: "Age at which kept bottles are removed",
          acts: "later",
          shape: "time",
        }),
        transcripts: optional(duration(), {
          description: "Age at which transcripts are removed",
          acts: "later",
          shape: "time",
        }),
      }),
      { description: "What `cleanup` removes by age", acts: "later", shape: "map, below" },
    ),
  });
