/** Milliseconds from the first text until gitleaks has to have read all; then the push is refused. */
export const GITLEAKS_MS = 15 * 60 * 1000;
/** Bytes of gitleaks' report; with a longer one the push is refused. */
export const GITLEAKS_REPORT_BYTES = 16 * 1024 ** 2;
/** Findings of gitleaks that are told, the first ones; it takes one to refuse. */
export const GITLEAKS_FINDINGS = 1000;
/** Lines with a `gitleaks:allow` comment that are remembered; of one behind them it isn't told that it has one. */
export const GITLEAKS_ALLOW_LINES = 100_000;
/** Bytes of an upstream's `.gitleaks.toml`; with a longer one pushes are refused. */
export const GITLEAKS_CONFIG_BYTES = 1000 * 1000;
