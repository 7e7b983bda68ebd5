import { unreadable } from "./body-fault.ts";

/** Undoes the Content-Transfer-Encoding of a part (RFC 2045 §6) as it comes. */
export interface TransferDecoder {
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
