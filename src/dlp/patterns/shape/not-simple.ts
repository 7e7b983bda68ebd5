/** No mistake in a regex: it says more than the fast matcher knows, and is left to RE2. */
export class NotSimple extends Error {}
