const ENDS_AUTHORITY = /[\s/?#\\"'<>]/g;

/** One userinfo of a URL (RFC 3986 §3.2.1) in a text. */
interface Userinfo {
  readonly start: number;
  /** behind its `@` */
  readonly end: number;
  /** what stands behind it, up to the authority's end, lower case: host, and port if there is one */
  readonly host: string;
}

/** Every `user:password@` behind a `://`, in order. Linear in the text. */
function userinfosIn(text: string): readonly Userinfo[] {
  const found: Userinfo[] = [];
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at)) {
    const start = at + 3;
    ENDS_AUTHORITY.lastIndex = start;
    const stop = ENDS_AUTHORITY.exec(text)?.index ?? text.length;
    const authority = text.slice(start, stop);
    // The last one, for readers differ in which they take.
    const end = authority.lastIndexOf("@") + 1;
    if (end > 0) found.push({ start, end: start + end, host: authority.slice(end).toLowerCase() });
    at = stop;
  }
  return found;
}

/** The text without the userinfo of any URL in it; the same text where there is none. */
export function withoutUserinfo(text: string): string {
  if (!text.includes("@") || !text.includes("://")) return text;
  let kept = "";
  let at = 0;
  for (const { start, end } of userinfosIn(text)) {
    kept += text.slice(at, start);
    at = end;
  }
  return at === 0 ? text : kept + text.slice(at);
}

/** Whether a URL in the text logs somebody in at `host` by its userinfo. */
export function logsInAt(text: string, host: string): boolean {
  if (!text.includes("@") || !text.includes("://")) return false;
  return userinfosIn(text).some((found) => found.host === host || found.host.startsWith(`${host}:`));
}
