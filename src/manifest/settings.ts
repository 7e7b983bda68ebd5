import type * as z from "zod/mini";
import { parseAuthority } from "../policy/host.ts";
import type { Located } from "./bottle.ts";
import { parseAddressPort } from "./definitions/settings.ts";
import type { ReadFile } from "./read.ts";
import type { SCHEMAS } from "./schemas.ts";

/** `settings.yml`, SPEC §9. Paths are as written: `~/` is not expanded. */
export interface Settings {
  /** undefined: there is no such file, everything is default */
  readonly path: string | undefined;
  readonly backend?: string | undefined;
  readonly secrets: ReadonlyMap<string, { readonly file: string } | { readonly command: readonly string[] }>;
  readonly upstream: {
    /** `host:port`, canonical -> `address:port` */
    readonly resolve: Readonly<Record<string, string>>;
    readonly caFile?: string | undefined;
    readonly proxy?: string | undefined;
    readonly proxyResolves: boolean;
  };
  readonly notify?: Located<readonly string[]> | undefined;
  /** ages in seconds */
  readonly retention: {
    readonly journal?: Located<number> | undefined;
    readonly state?: Located<number> | undefined;
    readonly transcripts?: Located<number> | undefined;
  };
}

/** What holds when there is no settings file. */
export const NO_SETTINGS: Settings = {
  path: undefined,
  secrets: new Map(),
  upstream: { resolve: {}, proxyResolves: false },
  retention: {},
};

/** A checked file -> settings. */
export function compileSettings({ file, value, at }: ReadFile<z.output<typeof SCHEMAS.settings>>): Settings {
  const { upstream, notify, retention } = value;
  const located = <T>(item: T | undefined, ...path: string[]): Located<T> | undefined =>
    item === undefined ? undefined : { value: item, at: at(...path) };
  return {
    path: file.path,
    backend: value.backend,
    secrets: new Map(Object.entries(value.secrets ?? {})),
    upstream: {
      resolve: Object.fromEntries(Object.entries(upstream?.resolve ?? {}).map(canonicalPair)),
      caFile: upstream?.ca_file,
      proxy: upstream?.proxy,
      proxyResolves: upstream?.proxy_resolves ?? false,
    },
    notify: located(notify?.command, "notify", "command"),
    retention: {
      journal: located(retention?.journal, "retention", "journal"),
      state: located(retention?.state, "retention", "state"),
      transcripts: located(retention?.transcripts, "retention", "transcripts"),
    },
  };
}

function canonicalPair([host, address]: [string, string]): [string, string] {
  const read = parseAuthority(host, undefined);
  return [read.ok ? `${read.host}:${read.port}` : host, parseAddressPort(address) ?? address];
}
