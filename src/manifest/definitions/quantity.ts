import * as z from "zod/mini";

const SIZE = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)([kmgt])(?:i?b)?$/i;
const POWER: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
const SPAN = /^(?:([0-9]{1,6})w)?(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?$/;
const SECONDS = [604_800, 86_400, 3600, 60, 1] as const;

/** `512M` -> bytes, by powers of 1024 as Docker reads it; undefined: no size. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  const power = POWER[match?.[2]?.toLowerCase() ?? ""];
  return match === null || power === undefined ? undefined : Math.floor(Number(match[1]) * power);
}

/** `2h`, `1h30m`, `90d` -> seconds; undefined: no span of time. */
export function parseDuration(text: string): number | undefined {
  const match = text === "" ? null : SPAN.exec(text);
  if (match === null) return undefined;
  return SECONDS.reduce((sum, unit, index) => sum + unit * Number(match[index + 1] ?? 0), 0);
}

/** A size in bytes, written `512M`, `4G`; a plain number is bytes. */
export function size(least: number, leastText: string) {
  return z.pipe(
    z.union([z.string(), z.int()]),
    z.transform((value: string | number, context): number => {
      const bytes = typeof value === "number" ? value : parseSize(value);
      const message =
        bytes === undefined
          ? "is no size: write a number and K, M, G or T, such as 512M"
          : bytes < least
            ? `is less than ${leastText}: is the unit missing?`
            : Number.isSafeInteger(bytes)
              ? undefined
              : "is too large";
      if (message === undefined) return bytes ?? 0;
      context.issues.push({ code: "custom", message, input: value });
      return z.NEVER;
    }),
  );
}

/** A span of time in seconds, written `90s`, `2h`, `1h30m`, `90d`. */
export function duration() {
  return z.pipe(
    z.union([z.string(), z.number()]),
    z.transform((value: string | number, context): number => {
      const seconds = typeof value === "number" ? undefined : parseDuration(value);
      if (seconds !== undefined && seconds > 0) return seconds;
      const message = "is no span of time: write a number and s, m, h, d or w, such as 2h or 1h30m";
      context.issues.push({ code: "custom", message, input: value });
      return z.NEVER;
    }),
  );
}

/** A whole number of at least `least`. */
export function count(least: number, most = 2 ** 31 - 1) {
  return z
    .int()
    .check(z.minimum(least, `must be at least ${least}`), z.maximum(most, `must be at most ${most}`));
}
