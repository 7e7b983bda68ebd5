/** Bytes of text within which the words of an injection must come together; those further apart are not put in relation. */
export const TOGETHER_BYTES = 96;

/** Bytes read closely before the place where words came together. */
export const BEFORE_BYTES = 320;

/** Bytes read closely behind that place; until they are there, or the text or message ends, its grade is open. */
export const BEHIND_BYTES = 900;

/** Bytes of an answer held back while what stands in them may become an injection; beyond it they pass. */
export const HELD_BYTES = 2048;

/** Bytes behind a word that begins an order to disregard something, for which what follows is held back. */
export const OPEN_ORDER_BYTES = 64;

/** Bytes of an answer that are taken apart at a time. */
export const SLICE_BYTES = 4096;

/** Bytes of an HTML tag or character reference; a longer one is text. */
export const TAG_BYTES = 4096;

/** Selectors of hidden elements kept from the style sheets of a page; those beyond are not known as hidden. */
export const HIDDEN_SELECTOR_COUNT = 256;

/** Bytes of a style sheet inside a page that are looked at for such selectors; the rest is passed over. */
export const STYLE_BYTES = 64 * 1024;

/** Depth of a JSON text; deeper, keys are no longer told from values. */
export const JSON_DEPTH = 256;

/** Invisible characters in a row that are more than typography. */
export const INVISIBLE_RUN = 12;

/** Characters of base64 or hex in a row from which on it is decoded. */
export const ENCODED_RUN = 40;

/** Characters of such a run that are decoded at a time. */
export const ENCODED_SEGMENT = 4096;

/** Encodings inside each other that are undone; deeper ones are not looked into. */
export const ENCODED_DEPTH = 3;
