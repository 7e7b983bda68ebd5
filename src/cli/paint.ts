import type { Writable } from "node:stream";

export type Colour = (text: string) => string;

/** SGR codes (ECMA-48 §8.3.117) that begin and end each */
const CODES = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  white: [37, 39],
  bold: [1, 22],
  dim: [2, 22],
} as const;

export type ColourName = keyof typeof CODES;

/** What `--color` takes. */
export const LABEL_COLOURS = ["red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** Colours for one stream: none unless it is a terminal, none with `NO_COLOR` (https://no-color.org) or `TERM=dumb`. */
export function paint(
  stream: Writable & { readonly isTTY?: boolean },
  env: NodeJS.ProcessEnv,
): Readonly<Record<ColourName, Colour>> {
  const on = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const wrap = (name: ColourName): Colour => {
    const [begin, end] = CODES[name];
    return on ? (text) => `\u001b[${begin}m${text}\u001b[${end}m` : (text) => text;
  };
  return {
    red: wrap("red"),
    green: wrap("green"),
    yellow: wrap("yellow"),
    blue: wrap("blue"),
    magenta: wrap("magenta"),
    cyan: wrap("cyan"),
    white: wrap("white"),
    bold: wrap("bold"),
    dim: wrap("dim"),
  };
}
