/** milliseconds from the sidecar's start to its `ready`; then the launch fails */
export const SIDECAR_START_MS = 15_000;
/** milliseconds an agent has between SIGTERM and the end of its bottle */
export const AGENT_STOP_MS = 5_000;
/** milliseconds the sidecar has to flush and exit before it is killed */
export const SIDECAR_STOP_MS = 3_000;
/** milliseconds to wait for the journal to confirm a lifecycle event */
export const RECORD_MS = 5_000;
/** milliseconds a sidecar has to answer the operator about proposals; then it "does not answer" */
export const SUPERVISE_MS = 10_000;
/** bytes of the agent's output kept in agent.log; then a line says that the rest was not kept */
export const TRANSCRIPT_BYTES = 64 * 1024 * 1024;
/** bytes of the sidecar's error output kept for the message when it fails */
export const SIDECAR_ERROR_BYTES = 8 * 1024;
/** bytes of one message on a bottle's control socket; then the connection is closed */
export const CONTROL_MESSAGE_BYTES = 64 * 1024;
/** characters of a control socket's answer: more than all open proposals can have; then it counts as none */
export const CONTROL_ANSWER_CHARS = 2 * 1024 * 1024;
/** kernel uids a bottle started by root may get when nothing names one; one a bottle */
export const FIRST_BOTTLE_UID = 64_000;
/** how many such uids there are: the bound on bottles that root runs at once */
export const BOTTLE_UIDS = 500;
/** bytes of a secret's file or of a secret command's output; more is an error */
export const SECRET_BYTES = 64 * 1024;
/** milliseconds a secret command may take; then it is ended and the launch fails */
export const SECRET_COMMAND_MS = 30_000;
/** characters below which a value of `env` is not taken for a secret that can be recognised (SPEC §2) */
export const KNOWN_SECRET_MIN_CHARS = 8;
/** bytes of the file in which a mirror says whose it is; a longer one is none */
export const MIRROR_ABOUT_BYTES = 4096;
/** files of a mirror whose sizes `git` adds up; of one with more no size is shown */
export const MIRROR_ENTRIES = 100_000;
/** seconds that a bottle's git-lfs waits for the gate's next byte; then it gives up, and tries again */
export const LFS_ANSWER_SECONDS = 3600;
