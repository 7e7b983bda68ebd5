/**
 * Every variable that makes some program trust a CA file (SPEC §7). The launcher sets all of them to the bottle's
 * bundle, and clears the host's: curl prefers CURL_CA_BUNDLE to SSL_CERT_FILE, git reads neither of those, and so on.
 */
export const CA_VARIABLES = [
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "CODEX_CA_CERTIFICATE",
  "PIP_CERT",
  "CARGO_HTTP_CAINFO",
  "DENO_CERT",
  "AWS_CA_BUNDLE",
] as const;
