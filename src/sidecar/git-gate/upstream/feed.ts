import type { Writable } from "node:stream";

/**
 * Writes all of `source` to `into`, no faster than that takes it, and ends it. Resolves to whether all of it went; an
 * error of the source's is the caller's to see by `failed`.
 */
export async function feed(
  source: AsyncIterable<Buffer>,
  into: Writable,
  failed: (error: Error) => void = () => {},
): Promise<boolean> {
  try {
    for await (const bytes of source) {
      if (into.destroyed || into.writableEnded) return false;
      if (!into.write(bytes)) await roomOrClose(into);
    }
    into.end();
    return !into.destroyed;
  } catch (error) {
    into.destroy();
    failed(error instanceof Error ? error : new Error(String(error)));
    return false;
  }
}

/** Waits until there is room again, or never will be. */
export function roomOrClose(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    if (stream.destroyed) resolve();
    else stream.on("drain", done).on("close", done);
  });
}
