import { unreadable } from "./body-fault.ts";

export type TransferEncoding = "base64" | "quoted-printable";

/** Undoes the Content-Transfer-Encoding of a part (RFC 2045 §6) as it comes. */
export interface TransferDecoder {
  readonly encoding: TransferEncoding;
  write(bytes: Buffer, emit: (decoded: Buffer) => void): void;
  end(emit: (decoded: Buffer) => void): void;
}

/** Undefined: there is nothing to undo. Throws BodyFault for an encoding that isn't known. */
export function createTransferDecoder(encoding: string | undefined): TransferDecoder | undefined {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case "":
    case "7bit":
    case "8bit":
    case "binary":
      return undefined;
    case "base64":
      return new Base64Decoder();
    case "quoted-printable":
      return new QuotedPrintableDecoder();
    default:
      throw unreadable("is multipart with a transfer encoding that can't be undone");
  }
}

/** Characters outside the alphabet are skipped, as RFC 2045 §6.8 says; padding may stand anywhere. */
class Base64Decoder implements TransferDecoder {
  readonly encoding = "base64";
  #rest = "";

  write(bytes: Buffer, emit: (decoded: Buffer) => void): void {
    const text = this.#rest + bytes.toString("latin1").replace(/[^A-Za-z0-9+/_-]+/g, "");
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    if (whole > 0) emit(Buffer.from(text.slice(0, whole), "base64"));
  }

  end(emit: (decoded: Buffer) => void): void {
    const last = Buffer.from(this.#rest, "base64");
    this.#rest = "";
    if (last.length > 0) emit(last);
  }
}

/** What isn't an escape stays as it is. */
class QuotedPrintableDecoder implements TransferDecoder {
  readonly encoding = "quoted-printable";
  #rest = "";

  write(bytes: Buffer, emit: (decoded: Buffer) => void): void {
    const text = this.#rest + bytes.toString("latin1");
    // an escape or soft line break may be cut
    const cut = text.lastIndexOf("=");
    const end = cut >= 0 && text.length - cut < SOFT_BREAK_CHARS ? cut : text.length;
    this.#rest = text.slice(end);
    if (end > 0) emit(decode(text.slice(0, end)));
  }

  end(emit: (decoded: Buffer) => void): void {
    if (this.#rest !== "") emit(decode(this.#rest));
    this.#rest = "";
  }
}

/** of `=`, white space that was added on the way, CRLF; of one with more the break stays in the text */
const SOFT_BREAK_CHARS = 8;

function decode(text: string): Buffer {
  const decoded = text.replace(/=(?:[\t ]{0,5}\r?\n|([0-9A-Fa-f]{2}))/g, (_, octet: string | undefined) =>
    octet === undefined ? "" : String.fromCharCode(Number.parseInt(octet, 16)),
  );
  return Buffer.from(decoded, "latin1");
}

/** Encodes again, in lines as RFC 2045 has them. */
export function transferEncoded(bytes: Buffer, encoding: TransferEncoding): Buffer {
  if (encoding === "base64")
    return Buffer.from((bytes.toString("base64").match(/.{1,76}/g) ?? []).join("\r\n"), "latin1");
  const lines = bytes.toString("latin1").split("\r\n");
  return Buffer.from(lines.map(quotedLine).join("\r\n"), "latin1");
}

const LINE_CHARS = 76;

function quotedLine(line: string): string {
  const quoted = line.replace(/[^\t -<>-~]|[\t ]$/g, (character) => {
    const hex = character.charCodeAt(0).toString(16).toUpperCase();
    return `=${hex.padStart(2, "0")}`;
  });
  // A line is cut before an escape, never inside it; the `=` of a soft break has to fit, too.
  return quoted.match(SOFT_LINES)?.join("=\r\n") ?? "";
}

const SOFT_LINES = new RegExp(`(?:=[0-9A-F]{2}|[^=]){1,${Math.floor((LINE_CHARS - 1) / 3)}}`, "g");
