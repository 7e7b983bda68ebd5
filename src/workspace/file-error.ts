/** What a look at an entry fails with when it isn't ours to read. */
const NOT_OURS: readonly string[] = ["EACCES", "EPERM", "ENXIO"];

/** What it fails with when it was changed between two looks: it went, or is a symlink, folder or file now. */
const CHANGED: readonly string[] = ["ENOENT", "ELOOP", "ENOTDIR", "EISDIR", "EINVAL", "ESTALE"];

/** Whether only this entry is at fault. Everything else (a full disk, no descriptors left) ends the work. */
export function concernsEntry(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    (NOT_OURS.includes(error.code) || CHANGED.includes(error.code))
  );
}
