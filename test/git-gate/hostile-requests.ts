import type { OutgoingHttpHeaders } from "node:http";
import { deflateSync, gzipSync } from "node:zlib";
import { FLUSH, NO_ID, pkt, pushBody, type RawCommand } from "./raw-push.ts";

/** A request to `git-receive-pack` that git would not send. */
export interface HostileRequest {
  readonly name: string;
  /** `head`: of upstream's `main`; `good`: a whole push that would be taken */
  body(head: string, good: Buffer): Buffer;
  readonly headers?: OutgoingHttpHeaders;
  /** the connection ends in the middle */
  readonly cut?: boolean;
}

const REF = "refs/heads/x";
const CAPABILITIES = "\0 report-status side-band-64k";
const raw = (text: string) => Buffer.from(text, "latin1");

function command(line: string): Buffer {
  return Buffer.concat([pkt(line), FLUSH]);
}

function many(count: number, of: (index: number) => RawCommand): Buffer {
  return pushBody({ commands: Array.from({ length: count }, (_, index) => of(index)) });
}

function withOptions(options: readonly string[]) {
  return (head: string) => pushBody({ commands: [{ old: NO_ID, new: head, ref: REF }], options });
}

/** Each is answered, with nothing forwarded, and the gate goes on. */
export const HOSTILE_REQUESTS: readonly HostileRequest[] = [
  { name: "an empty body", body: () => raw("") },
  { name: "a length that is no number", body: () => raw("zzzz") },
  { name: "a length with a sign", body: () => raw("+00fabcdefghijk") },
  { name: "a length of three", body: () => raw("0003") },
  { name: "a length beyond what a packet may have", body: () => raw(`ffff${"a".repeat(70_000)}`) },
  { name: "a length beyond the body's end", body: () => raw("00ff0000") },
  {
    name: "a delimiter among the commands",
    body: (head) => Buffer.concat([raw("0001"), command(`${NO_ID} ${head} ${REF}${CAPABILITIES}`)]),
  },
  { name: "commands that no flush ends", body: (head) => pkt(`${NO_ID} ${head} ${REF}${CAPABILITIES}`) },
  { name: "a command of one word", body: () => command("hello") },
  {
    name: "an id that is no hex",
    body: (head) => command(`${"z".repeat(40)} ${head} ${REF}${CAPABILITIES}`),
  },
  {
    name: "an id that is an option",
    body: (head) => command(`--upload-pack=x ${head} ${REF}${CAPABILITIES}`),
  },
  { name: "an id that is a name", body: () => command(`${NO_ID} HEAD ${REF}${CAPABILITIES}`) },
  { name: "ids of two lengths", body: (head) => command(`${"0".repeat(64)} ${head} ${REF}${CAPABILITIES}`) },
  {
    name: "ids of another object format",
    body: () => command(`${"0".repeat(64)} ${"a".repeat(64)} ${REF}${CAPABILITIES} object-format=sha256`),
  },
  {
    name: "a ref's name with a second NUL",
    body: (head) => command(`${NO_ID} ${head} ${REF}\0report-status\0--mirror`),
  },
  {
    name: "a ref's name with a line's end",
    body: (head) => command(`${NO_ID} ${head} refs/heads/x\nrefs/heads/y${CAPABILITIES}`),
  },
  {
    name: "a ref's name with an escape sequence",
    body: (head) => command(`${NO_ID} ${head} refs/heads/\u001b[2Jx${CAPABILITIES}`),
  },
  {
    name: "a signed push",
    body: (head) =>
      Buffer.concat([
        pkt(`push-cert\0 report-status push-cert=x`),
        pkt("certificate version 0.1\n"),
        pkt(`${NO_ID} ${head} ${REF}\n`),
        pkt("push-cert-end\n"),
        FLUSH,
      ]),
  },
  {
    name: "a shallow line of no id",
    body: (head) =>
      Buffer.concat([pkt("shallow --depth=1"), command(`${NO_ID} ${head} ${REF}${CAPABILITIES}`)]),
  },
  {
    name: "a hundred thousand refs",
    body: (head) => many(100_000, (index) => ({ old: NO_ID, new: head, ref: `refs/heads/b${index}` })),
  },
  {
    name: "a hundred thousand deletions",
    body: (head) => many(100_000, (index) => ({ old: head, new: NO_ID, ref: `refs/heads/b${index}` })),
  },
  {
    name: "a thousand names of sixty thousand bytes",
    body: (head) =>
      many(1000, (index) => ({ old: NO_ID, new: head, ref: `refs/heads/${index}${"x".repeat(60_000)}` })),
  },
  { name: "a push option with a line's end", body: withOptions(["a\nb"]) },
  { name: "a push option with a carriage return", body: withOptions(["a\rb"]) },
  { name: "a push option with a NUL", body: withOptions(["a\0b"]) },
  {
    name: "ten thousand push options",
    body: withOptions(Array.from({ length: 10_000 }, (_, index) => `o${index}`)),
  },
  {
    name: "push options that no flush ends",
    body: (head) =>
      pushBody({ commands: [{ old: NO_ID, new: head, ref: REF }], options: ["a"] }).subarray(0, -4),
  },
  { name: "gzip that is none", body: () => raw("this is no gzip"), headers: { "content-encoding": "gzip" } },
  {
    name: "gzip that ends early",
    body: (_, good) => gzipSync(good).subarray(0, -20),
    headers: { "content-encoding": "gzip" },
  },
  {
    name: "gzip of gzip",
    body: (_, good) => gzipSync(gzipSync(good)),
    headers: { "content-encoding": "gzip, gzip" },
  },
  {
    name: "a body in deflate",
    body: (_, good) => deflateSync(good),
    headers: { "content-encoding": "deflate" },
  },
  {
    name: "gzip of 200 MB of nothing",
    body: () => gzipSync(Buffer.alloc(200_000_000)),
    headers: { "content-encoding": "gzip" },
  },
  {
    name: "gzip of 200 MB of packets",
    body: () => gzipSync(Buffer.alloc(200_000_000, pkt("a".repeat(1020)))),
    headers: { "content-encoding": "gzip" },
  },
  { name: "another type of content", body: (_, good) => good, headers: { "content-type": "text/plain" } },
  { name: "a request that is cut", body: (_, good) => good.subarray(0, -1), cut: true },
  { name: "a request that is cut among its commands", body: (_, good) => good.subarray(0, 60), cut: true },
  { name: "a request of half a push", body: (_, good) => good.subarray(0, -25) },
];

/** Names of refs that no push may change; each is refused, whatever the entry allows. */
export const HOSTILE_REFS: readonly string[] = [
  "--mirror",
  "-oProxyCommand=touch,x",
  "HEAD",
  "config",
  "main",
  "../../config",
  ".git/config",
  "refs/",
  "refs/heads",
  "refs/heads/",
  "refs//heads/x",
  "refs/heads/../x",
  "refs/heads/../../config",
  "refs/heads/./x",
  "refs/heads/.x",
  "refs/heads/x..y",
  "refs/heads/x.lock",
  "refs/heads/x.lock/y",
  "refs/heads/x.",
  "refs/heads/x/",
  "refs/heads/x y",
  "refs/heads/x~1",
  "refs/heads/x^{}",
  "refs/heads/x:y",
  "refs/heads/x?y",
  "refs/heads/x*y",
  "refs/heads/x[y",
  "refs/heads/x\\y",
  "refs/heads/@{x",
  "refs/heads/x\u0001y",
  "refs/heads/x\u007fy",
  "refs/heads/-x",
  "refs/heads/HEAD",
  "/refs/heads/x",
  "+refs/heads/x",
];
