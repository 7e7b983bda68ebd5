/** What a push asks of one ref. */
export interface RefUpdate {
  readonly ref: string;
  /** hex; all zeros: none */
  readonly old: string;
  readonly new: string;
}

/** What may be pushed to one repository. */
export interface PushRules {
  /** globs of refs */
  readonly allow: readonly string[];
  /** updates that are no fast-forward */
  readonly force: boolean;
  readonly delete: boolean;
  readonly tags: boolean;
  /** globs of paths whose change waits for the operator */
  readonly hold: readonly string[];
}
