import { expect, test } from "vitest";
import { CookieJar } from "../../src/sidecar/egress/credential/cookie-jar.ts";
import { COOKIE_CHARS, COOKIE_COUNT } from "../../src/sidecar/egress/limits.ts";

function jar(host: string, ...cookies: string[]): CookieJar {
  const made = new CookieJar();
  made.learn(
    host,
    cookies.flatMap((cookie) => ["Set-Cookie", cookie]),
  );
  return made;
}

test.for([
  ["the host's own", "s=1", "a.test", "s=1", true],
  ["with attributes", "s=1; Path=/x; Secure; HttpOnly; Max-Age=1", "a.test", " s=1 ", true],
  ["quoted by one side only", 's="1"', "a.test", "s=1", true],
  ["without a name", "just", "a.test", "just", true],
  ["with signs of its own", "s=a=b==", "a.test", "s=a=b==", true],
  ["another value", "s=1", "a.test", "s=2", false],
  ["another name", "s=1", "a.test", "t=1", false],
  ["another host", "s=1", "b.test", "s=1", false],
  ["a host below, without a domain", "s=1", "x.a.test", "s=1", false],
  ["a host below, with one", "s=1; Domain=.A.test", "x.a.test", "s=1", true],
  ["the host itself, with one", "s=1; domain=a.test", "a.test", "s=1", true],
  ["a host that only ends alike", "s=1; Domain=a.test", "ba.test", "s=1", false],
  ["an empty domain", "s=1; Domain=", "x.a.test", "s=1", false],
  ["a domain the host is not in", "s=1; Domain=b.test", "b.test", "s=1", false],
  ["the last of two domains", "s=1; Domain=b.test; Domain=a.test", "x.a.test", "s=1", true],
] as const)("a cookie comes back to who gave it: %s", ([, set, host, pair, gave]) => {
  expect(jar("a.test", set).gave(host, pair)).toBe(gave);
});

test("what was set long ago, and what is too long, is not remembered", () => {
  const many = Array.from({ length: COOKIE_COUNT + 1 }, (_, i) => `c${i}=1`);
  const made = jar("a.test", ...many);
  expect([made.gave("a.test", "c0=1"), made.gave("a.test", "c1=1")]).toEqual([false, true]);
  made.learn("a.test", ["set-cookie", "c1=1", "set-cookie", "new=1"]);
  expect([made.gave("a.test", "c1=1"), made.gave("a.test", "c2=1")]).toEqual([true, false]);
  const long = `l=${"x".repeat(COOKIE_CHARS)}`;
  expect(jar("a.test", long).gave("a.test", long)).toBe(false);
});
