/** Proposals of one bottle that wait for the operator; what asks for another is told to wait until one is decided. */
export const PROPOSALS_OPEN = 16;
/** Proposals of one bottle that are remembered; the oldest used, expired or rejected ones are forgotten first, and where all are open or approved nothing more can be asked. */
export const PROPOSALS_KEPT = 64;
/** Milliseconds a proposal waits, an approval can be used, and a rejection answers the same ask. */
export const PROPOSAL_LIFE_MS = 24 * 60 * 60 * 1000;
/** Milliseconds one wait for a decision may take; then the answer is "pending". */
export const PROPOSAL_WAIT_MS = 60_000;
/** Refs of one push that the operator is asked about; a push of more can't be approved. */
export const PROPOSAL_REFS = 64;
/** Bytes of one such ref's name; a push of a longer one can't be approved. */
export const PROPOSAL_REF_BYTES = 250;
/** Reasons of one proposal (paths, findings); a push held for more can't be approved: what isn't shown isn't granted. */
export const PROPOSAL_REASONS = 256;
/** Characters of one proposal's push as JSON, all its texts together; a push of more can't be approved. */
export const PROPOSAL_CHARS = 64 * 1024;
/** Characters of one reason's text and of a rejection's; longer is cut. */
export const PROPOSAL_TEXT = 300;
