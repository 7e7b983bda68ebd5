import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { certificates, subjectHash } from "../../src/backends/linux/ca-folder.ts";
import { runScript } from "./bottle.ts";

const FOLDER = "/etc/ssl/certs";

it("names a certificate as OpenSSL names every one of the system's", () => {
  const named = readdirSync(FOLDER).filter((name) => /^[0-9a-f]{8}\.[0-9]$/.test(name));
  expect(named.length).toBeGreaterThan(50);
  for (const name of named) {
    expect(`${name} ${subjectHash(readFileSync(join(FOLDER, name), "utf8"))}`).toBe(
      `${name} ${name.slice(0, 8)}`,
    );
  }
});

it("splits a bundle into its certificates", () => {
  const bundle = readFileSync(join(FOLDER, "ca-certificates.crt"), "utf8");
  expect(certificates(bundle).length).toBe(bundle.split("BEGIN CERTIFICATE").length - 1);
  expect(certificates("")).toEqual([]);
});

it("lets a program find the bottle's CA in the bundle and in OpenSSL's folder", async () => {
  const one = readdirSync(FOLDER).find((name) => /^[0-9a-f]{8}\.0$/.test(name)) ?? "";
  const pem = certificates(readFileSync(join(FOLDER, one), "utf8"))[0] ?? "";
  const { out, err } = await runScript(
    `openssl verify -CApath /etc/ssl/certs /etc/ssl/certs/${one}; openssl verify -CAfile /etc/ssl/cert.pem /etc/ssl/certs/${one}`,
    { caBundle: `${pem}\n` },
  );
  expect(`${out}${err}`).toBe(`/etc/ssl/certs/${one}: OK\n`.repeat(2));
});
