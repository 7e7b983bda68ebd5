/** Reading commander's untyped option values; an absent option is undefined, false or empty. */
export type Values = Readonly<Record<string, unknown>>;

export function textOption(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

export function flagOption(values: Values, name: string): boolean {
  return values[name] === true;
}

export function listOption(values: Values, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

export function formatIsJson(values: Values): boolean {
  return values.format === "json";
}
