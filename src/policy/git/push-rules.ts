/** What a push asks of one ref. */
export interface RefUpdate {
  readonly ref: string;
  /** hex; all zeros: none */
  readonly old: string;
  readonly new: string;
}
