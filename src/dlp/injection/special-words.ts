import { WORD } from "./word-class.ts";

const EMAIL = /^[\w.+-]+@[\w-]+\.[\w.-]+$/;
const ADDRESS = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const SECRET_FILE =
  /(?:^|\/)(?:\.env|\.ssh|\.aws|\.netrc|id_rsa|id_ed25519|mcp\.json|hosts\.yml|auth\.json)(?:$|[./])|^\/etc\/(?:shadow|passwd)$/;
const SECRET_NAME = /_(?:token|key|secret|password)$/;
const HARMFUL_CALL = /^(?:delete|drop|transfer|wipe|destroy|purge)_[a-z_]+$/;

/** Classes of a word by its form: an address, the file or name of a secret, a call that destroys. */
export function specialMask(run: string): number {
  if (EMAIL.test(run) || ADDRESS.test(run)) return WORD.DESTINATION;
  if (run.endsWith(".env")) return WORD.SECRET;
  if (SECRET_FILE.test(run)) return WORD.SECRET | WORD.DANGER;
  if (SECRET_NAME.test(run)) return WORD.SECRET;
  if (HARMFUL_CALL.test(run)) return WORD.DANGER;
  return 0;
}
