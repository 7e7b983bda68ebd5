/** bytes of a package.json that are read; a longer one counts as none */
export const MAX_PACKAGE_JSON = 256 * 1024;

/** bytes of a program's beginning that are read for its kind and shebang line (Linux reads 256) */
export const MAX_SHEBANG = 256;

/** folders on PATH that are looked through; what stands behind is not found */
export const MAX_PATH_FOLDERS = 256;

/** bytes of a prompt or system prompt; Linux refuses one argument over 128 KiB (MAX_ARG_STRLEN), so a longer one is an error */
export const MAX_PROMPT = 120 * 1024;
