import type { Shape } from "./check.ts";
import type { Json, JsonObject } from "./json.ts";

/** Members by name, and what each may be. */
export type Members = Readonly<Record<string, Shape>>;

/** Data of any form that no provider acts on: a schema, a tool's arguments. */
export const anything: Shape = () => undefined;

/** A number, a flag or a text. */
export const scalar: Shape = (value, check) =>
  typeof value === "object" ? check.unreadable("is more than one value") : undefined;

export const text: Shape = (value, check) =>
  typeof value === "string" ? undefined : check.unreadable("is no text");

/** The URL of content. */
export const remoteUrl: Shape = (value, check) =>
  typeof value === "string" ? check.remoteUrl(value) : check.unreadable("is no URL");

/** A file that lies with the provider, by its name there. */
export const file: Shape = (_, check) => check.file();

/** Content in place: base64, or a `data:` URL. What could be another URL is taken for one. */
export const inline: Shape = (value, check) => {
  if (typeof value !== "string") return check.unreadable("is no text");
  return /[:.\\]/.test(value) ? check.remoteUrl(value) : undefined;
};

export function list(of: Shape): Shape {
  return (value, check) => {
    if (!isList(value)) return check.unreadable("is no list");
    for (const [index, item] of value.entries()) {
      const objection = check.inside(index, item, of);
      if (objection) return objection;
    }
    return undefined;
  };
}

export function textOr(shape: Shape): Shape {
  return (value, check) => (typeof value === "string" ? undefined : shape(value, check));
}

/** An object with these members and no others. `null` is the same as none. */
export function record(members: Members): Shape {
  const known = new Map(Object.entries(members));
  return (value, check) => {
    if (!isObject(value)) return check.unreadable("is no object");
    for (const [name, member] of value) {
      if (member === null) continue;
      const objection = check.inside(name, member, known.get(name) ?? listed(name));
      if (objection) return objection;
    }
    return undefined;
  };
}

/** An object that is what its `type` says. `untyped`: what it is without one. */
export function tagged(members: Readonly<Record<string, Shape>>, untyped?: Shape): Shape {
  const known = new Map(Object.entries(members));
  return (value, check) => {
    if (!isObject(value)) return check.unreadable("is no object");
    const type = value.get("type");
    if (untyped && (type === undefined || type === null)) return untyped(value, check);
    if (typeof type !== "string") return check.unreadable("has no type");
    return (known.get(type) ?? listed(type))(value, check);
  };
}

/** What is let through only where `server_tools` lists it; whatever it holds, its URLs and files are still judged. */
export function listed(type: string): Shape {
  return (value, check) => (check.lists(type) ? guarded(value, check) : check.serverTool(type));
}

/** A field that makes the provider act unless it is empty. */
export function serverField(type: string): Shape {
  const acts = listed(type);
  return (value, check) =>
    value === false || (isList(value) && value.length === 0) ? undefined : acts(value, check);
}

/** Data of any form whose URLs and files are judged by the names of its members. */
export const guarded: Shape = (value, check) => {
  if (isList(value)) return list(guarded)(value, check);
  if (!isObject(value)) return undefined;
  for (const [name, member] of value) {
    const objection = check.inside(name, member, guardOf(name));
    if (objection) return objection;
  }
  return undefined;
};

function guardOf(name: string): Shape {
  if (/ur[il]s?$/i.test(name)) return urls;
  return /file_?ids?$/i.test(name) ? files : guarded;
}

const urls: Shape = (value, check) => {
  if (typeof value === "string") return check.remoteUrl(value);
  return isList(value) ? list(urls)(value, check) : guarded(value, check);
};

const files: Shape = (value, check) => {
  if (typeof value === "string") return check.file();
  return isList(value) ? list(files)(value, check) : guarded(value, check);
};

/** Both must be satisfied. */
export function both(first: Shape, second: Shape): Shape {
  return (value, check) => first(value, check) ?? second(value, check);
}

/** The member of an object; undefined: none, or no object. */
export function member(value: Json, name: string): Json | undefined {
  return isObject(value) ? value.get(name) : undefined;
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is JsonObject {
  return value instanceof Map;
}
