import type { HeaderList, RequestFacts } from "./facts.ts";

/** Around a request line: two spaces, the version and the line end; and `Host: ` with its own. */
const LINE = " ".length * 2 + "HTTP/1.1\r\n".length + "Host: \r\n".length + "\r\n".length;

/** Bytes of a request's head as HTTP/1.1 writes it, whichever version it came in: request line and end-to-end fields. */
export function headBytes({ method, target, authority, headers }: RequestFacts): number {
  return method.length + target.length + authority.length + LINE + fieldBytes(headers);
}

/** Bytes of fields with their colons and line ends; Host is counted with its request. */
export function fieldBytes(fields: HeaderList): number {
  let sum = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (name.length !== 4 || name.toLowerCase() !== "host")
      sum += name.length + (fields[i + 1] ?? "").length + ": \r\n".length;
  }
  return sum;
}
