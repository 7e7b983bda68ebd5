/** Something in a push that should not leave. Never holds the value. */
export interface GitFinding {
  /** `token_patterns`, `known_secrets`, `canary`, `entropy`, `unreadable`, `too_large`, `gitleaks` */
  readonly detector: string;
  /** a rule's id, or a secret's name; printable */
  readonly rule: string;
  /** `blob`, `path name`, `commit message`, `commit author`, `trailer NAME`, `tag message`, `ref name`, `push option`, … */
  readonly surface: string;
  /** the object it is in */
  readonly oid: string | undefined;
  /** 1-based, in blobs and messages */
  readonly line: number | undefined;
  /** how it was spelled, outermost first: `raw`, `base64`, `gzip > hex` */
  readonly encoding: string;
  /** what stands around it: redacted, printable, bounded */
  readonly snippet: string;
  /** a `gitleaks:allow` comment stands on the line; it hides nothing */
  readonly allowComment: boolean;
}
