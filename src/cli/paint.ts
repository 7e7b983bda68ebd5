import type { Writable } from "node:stream";

export type Colour = (text: string) => string;

/** Colours for one stream: none unless it is a terminal, none with `NO_COLOR` (https://no-color.org) or `TERM=dumb`. */
export function paint(
  stream: Writable & { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv,
): Readonly<Record<"red" | "green" | "yellow" | "dim" | "bold", Colour>> {
  const on = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const wrap =
    (open: number, close: number): Colour =>
    (text) =>
      on ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    dim: wrap(2, 22),
    bold: wrap(1, 22),
  };
}
