import type { HeaderList } from "../../../policy/facts.ts";

/** Fields that state a digest or a signature of the body: RFC 9530, RFC 3230, RFC 1864, and what stores and webhooks have. */
const BODY_DIGESTS =
  /^(?:content-md5|content-digest|repr-digest|digest|x-amz-content-sha256|x-amz-checksum-.+|x-bz-content-sha1|x-goog-hash|x-ms-content-crc64|x-hub-signature(?:-256)?|x-signature(?:-.+)?)$/;

/** What is more: a range of something whose length is stated elsewhere, which a shorter body would not fill. */
const BODY_RANGES = /^(?:content-range|upload-offset|upload-length|upload-checksum)$/;

/** RFC 9421, and the drafts before it. */
const SIGNATURES = /^(?:signature|signature-input)$/;

/** Schemes of Authorization whose credential is a signature of the request: SigV4, SigV2, HTTP signatures. */
const SIGNING_SCHEMES = /^(?:aws4-[a-z0-9-]+|aws|signature|hmac[a-z0-9-]*)(?:[\t ]|$)/i;

const SIGNED_QUERY = /[?&](?:x-amz-signature|x-goog-signature|x-oss-signature|signature|sig)=/i;

/** What of a request says what its body is, so that another body would be refused: a field's name. */
export function bodyIntegrity(fields: HeaderList): string | undefined {
  return find(fields, (name, value) =>
    name === "x-amz-content-sha256"
      ? /^[0-9a-f]{64}$/i.test(value)
      : BODY_DIGESTS.test(name) || BODY_RANGES.test(name) || SIGNATURES.test(name),
  );
}

/** What of a request is a signature of its head: a field's name, or `target`. */
export function headIntegrity(target: string, fields: HeaderList): string | undefined {
  if (SIGNED_QUERY.test(target)) return "target";
  return find(
    fields,
    (name, value) => SIGNATURES.test(name) || (name === "authorization" && SIGNING_SCHEMES.test(value)),
  );
}

function find(fields: HeaderList, is: (name: string, value: string) => boolean): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] ?? "").toLowerCase();
    if (is(name, fields[i + 1] ?? "")) return name;
  }
  return undefined;
}
