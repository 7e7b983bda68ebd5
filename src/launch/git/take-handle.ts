interface Readable {
  readStop(): unknown;
  close(): void;
}

function isHandle(value: unknown): value is Readable {
  return (
    typeof value === "object" &&
    value !== null &&
    "readStop" in value &&
    typeof value.readStop === "function" &&
    "close" in value
  );
}

/**
 * Takes the pipe out of a child's stream, before anything was read from it: node reads at once into a stream it makes,
 * and what it has read can't be handed on. The stream knows nothing of the pipe then. Node's types don't describe it.
 */
export function takeHandle(stream: unknown): unknown {
  if (typeof stream !== "object" || stream === null) throw new Error("the program has no such stream");
  const handle: unknown = Reflect.get(stream, "_handle");
  if (!isHandle(handle)) throw new Error("the program's stream has no handle");
  handle.readStop();
  Reflect.set(stream, "_handle", null);
  return handle;
}
