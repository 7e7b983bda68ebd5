import { randomBytes, randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Secret } from "../base/secret.ts";

/** Variables that no program reads, and that somebody who looks for credentials takes. */
const NAMES = [
  "ARTIFACT_STORE_TOKEN",
  "AUDIT_EXPORT_TOKEN",
  "BACKOFFICE_API_KEY",
  "BACKUP_STORAGE_SECRET",
  "BILLING_SERVICE_TOKEN",
  "BUILD_CACHE_TOKEN",
  "CUSTOMER_DB_PASSWORD",
  "DEPLOY_GATE_TOKEN",
  "EDGE_CONFIG_SECRET",
  "FEATURE_FLAG_SECRET",
  "INTERNAL_API_TOKEN",
  "INVOICE_SIGNING_KEY",
  "LEDGER_API_SECRET",
  "METRICS_PUSH_TOKEN",
  "ORDER_QUEUE_PASSWORD",
  "PARTNER_API_SECRET",
  "PAYROLL_DB_PASSWORD",
  "RELEASE_UPLOAD_TOKEN",
  "REPORTING_DB_PASSWORD",
  "STAGING_ADMIN_PASSWORD",
  "STAGING_DB_PASSWORD",
  "WAREHOUSE_DB_PASSWORD",
  "WEBHOOK_SIGNING_SECRET",
];

/**
 * The canary of a bottle (SPEC §4): a made-up secret under a made-up name that is not in `taken`. A resumed bottle has its
 * own again, which may stand in files the agent left, where `keepCanary` has put it into `file`.
 */
export function canaryOf(file: string, taken: ReadonlySet<string>): Secret {
  const kept = readCanary(file);
  if (kept !== undefined && !taken.has(kept.name)) return kept;
  const free = NAMES.filter((name) => !taken.has(name));
  const name = free[randomInt(Math.max(1, free.length))] ?? `INTERNAL_TOKEN_${randomInt(1000, 10_000)}`;
  const value = randomBytes(24).toString("base64url").replace(/[-_]/g, "x");
  return new Secret(name, value);
}

export function keepCanary(file: string, canary: Secret): void {
  const { name } = canary;
  writeFileSync(file, JSON.stringify({ name, value: canary.reveal() }), { mode: 0o600 });
}

/** The canary that `keepCanary` has put there; undefined: none. */
export function readCanary(file: string): Secret | undefined {
  try {
    const { name, value } = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    return typeof name === "string" && typeof value === "string" ? new Secret(name, value) : undefined;
  } catch {
    // a new bottle has none yet
    return undefined;
  }
}
