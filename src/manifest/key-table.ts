import type * as z from "zod/mini";
import { type KeyDoc, keyDocs } from "./definitions/key.ts";
import { alternatives, shapes, written } from "./schema-walk.ts";
import { type ManifestKind, SCHEMAS } from "./schemas.ts";

/** One key as `docs/manifest.md` lists it. */
export interface KeyRow extends KeyDoc {
  /** `egress.routes[].host` */
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
}

/** Every documented key of a kind of file, in the order they are defined, parents first. */
export function keyRows(kind: ManifestKind): KeyRow[] {
  const rows = new Map<string, KeyRow>();
  collect(SCHEMAS[kind], "", rows);
  return [...rows.values()];
}

function collect(schema: z.core.$ZodType, prefix: string, rows: Map<string, KeyRow>): void {
  for (const option of alternatives(schema)) {
    const { def } = option._zod;
    if (def.type === "array") collect(def.element, `${prefix}[]`, rows);
    if (def.type === "record") collect(def.valueType, `${prefix}.NAME`, rows);
  }
  for (const shape of shapes(schema)) {
    for (const [name, value] of Object.entries(shape)) {
      const key = prefix === "" ? name : `${prefix}.${name}`;
      const doc = keyDocs.get(value);
      if (doc !== undefined && !rows.has(key)) {
        rows.set(key, {
          ...doc,
          key,
          type: doc.shape ?? typeName(value),
          required: value._zod.optin === undefined,
        });
      }
      collect(value, key, rows);
    }
  }
}

function typeName(schema: z.core.$ZodType): string {
  const { def } = written(schema)._zod;
  switch (def.type) {
    case "string":
      return "text";
    case "number":
      return "number";
    case "boolean":
      return "`true` or `false`";
    case "enum":
      return Object.values(def.entries)
        .map((value) => `\`${value}\``)
        .join(", ");
    case "literal":
      return def.values.map((value) => `\`${String(value)}\``).join(", ");
    case "array":
      return `list of ${typeName(def.element)}`;
    case "union":
      return def.options.map(typeName).join(" or ");
    default:
      return "map";
  }
}

/** A Markdown table of keys. */
export function keyTable(rows: readonly KeyRow[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const standard = ({ required, default: value }: KeyRow) =>
    required
      ? "required"
      : value === undefined
        ? "-"
        : typeof value === "string" && /[ `]/.test(value)
          ? value
          : `\`${value}\``;
  return [
    "| key | type | default | meaning | acts |",
    "|---|---|---|---|---|",
    ...rows.map(
      (row) =>
        `| \`${row.key}\` | ${cell(row.type)} | ${cell(standard(row))} | ${cell(row.description)} | ${row.acts === "now" ? "yes" : "not yet"} |`,
    ),
  ].join("\n");
}

const MARKED = /(<!-- keys: (bottle|agent|settings) (\S+) -->\n)[\s\S]*?(<!-- end -->)/g;

/**
 * Fills each `<!-- keys: KIND PREFIX -->` … `<!-- end -->` of a Markdown page with the table of the keys at or below a
 * prefix, those of a longer prefix that has a table of its own left out; `.` is everything.
 */
export function fillTables(page: string): string {
  const marks = [...page.matchAll(MARKED)].map(([, , kind = "", prefix = ""]) => ({ kind, prefix }));
  return page.replace(MARKED, (_, open: string, kind: ManifestKind, prefix: string, close: string) => {
    const deeper = marks.filter(
      (mark) => mark.kind === kind && mark.prefix !== prefix && below(mark.prefix, prefix),
    );
    const rows = keyRows(kind).filter(
      ({ key }) =>
        below(key, prefix) && !deeper.some((mark) => key !== mark.prefix && below(key, mark.prefix)),
    );
    const own = rows.filter(({ key }) => key !== prefix);
    return `${open}${keyTable(own)}\n${close}`;
  });
}

function below(key: string, prefix: string): boolean {
  return prefix === "." || key === prefix || key.startsWith(`${prefix}.`) || key.startsWith(`${prefix}[`);
}
