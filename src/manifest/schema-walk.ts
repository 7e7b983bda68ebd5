import type * as z from "zod/mini";

type Schema = z.core.$ZodTypes;

function known(schema: z.core.$ZodType): Schema {
  // Every schema of this room is one of zod's own classes; `$ZodTypes` is their union.
  return schema as Schema;
}

/** The schema behind optional keys and transforms: what the operator writes. */
export function written(schema: z.core.$ZodType): Schema {
  const inner = known(schema)._zod.def;
  if (inner.type === "optional") return written(inner.innerType);
  if (inner.type === "pipe") return written(inner.in);
  return known(schema);
}

/** The alternatives of a schema; itself when it is no union. */
export function alternatives(schema: z.core.$ZodType): Schema[] {
  const def = written(schema)._zod.def;
  return def.type === "union" ? def.options.flatMap(alternatives) : [written(schema)];
}

/** The maps a schema may be, with the schema of each key. */
export function shapes(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>>[] {
  return alternatives(schema).flatMap(({ _zod: { def } }) => (def.type === "object" ? [def.shape] : []));
}

/** The keys that are allowed at a path of a document. Where several kinds of map are, the keys of all. */
export function allowedKeys(root: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let here: z.core.$ZodType[] = [root];
  for (const step of path) {
    here = here.flatMap(alternatives).flatMap(({ _zod: { def } }): z.core.$ZodType[] => {
      if (def.type === "array") return [def.element];
      if (def.type === "record") return [def.valueType];
      if (def.type !== "object" || typeof step !== "string" || !Object.hasOwn(def.shape, step)) return [];
      const next = def.shape[step];
      return next === undefined ? [] : [next];
    });
  }
  return [...new Set(here.flatMap(shapes).flatMap((shape) => Object.keys(shape)))];
}
