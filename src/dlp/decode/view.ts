/**
 * Bytes `from`…`to` (end excluded) of a view, as bytes of the text the view was made from: the whole runs, escape
 * regions or compressed streams that they came out of, end excluded.
 */
export type Origin = (from: number, to: number) => { readonly start: number; readonly end: number };

/**
 * Takes one decoded view of text[start, end).
 *
 * The views of one `encoding` are one stream: put one behind the other, in the order they come, they are every run of
 * the text in that encoding, decoded, with a NUL between two runs. `continues` says that the last run of this view goes
 * on in the next view of the same encoding, without overlap and without a NUL: keep the state of what scans it. A
 * phase of base64 and the like is an encoding of its own (`base64`, `base64+1`).
 *
 * `view` is memory that is used again: read it during the call, copy what must stay.
 */
export type EmitView = (
  view: Buffer,
  encoding: string,
  start: number,
  end: number,
  continues: boolean,
  origin: Origin,
) => void;
