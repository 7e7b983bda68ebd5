import type { LabelForm } from "./label.ts";

/** A place of a body's text that is to read otherwise. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  /** what was found there */
  readonly name: string;
  /** how the label is written */
  readonly form: LabelForm;
  /** what stands there then, where that isn't a label alone: a part or a message that is encoded */
  readonly bytes?: Buffer;
}

/** In order, none overlapping another. Undefined: two that overlap can't both be made. */
export function mergedEdits(edits: readonly Edit[]): Edit[] | undefined {
  const merged: Edit[] = [];
  for (const edit of [...edits].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last === undefined || edit.start >= last.end) merged.push(edit);
    else if (edit.end <= last.end && !edit.bytes) continue;
    else if (last.bytes || edit.bytes) return undefined;
    else merged[merged.length - 1] = { ...last, end: edit.end };
  }
  return merged;
}
