import { MAX_HAVES } from "../limits.ts";
import { FLUSH, packet } from "../wire/pkt-line.ts";

/**
 * Asks an upload-pack for a pack (gitprotocol-pack, packfile negotiation) in one go: a mirror has nothing but what the
 * upstream had, so that its tips are all there is to say. `have`: the mirror's tips; where there are more than `MAX_HAVES`
 * the pack may hold what is there already.
 */
export async function* encodeFetch(
  want: readonly string[],
  have: readonly string[],
  capabilities: ReadonlySet<string>,
): AsyncGenerator<Buffer> {
  const asked = ["side-band-64k", "ofs-delta", "thin-pack", "no-progress"].filter((one) =>
    capabilities.has(one),
  );
  if (capabilities.has("object-format=sha256")) asked.push("object-format=sha256");
  const lines = [
    ...want.map((id, index) => packet(`want ${id}${index === 0 ? ` ${asked.join(" ")}` : ""}\n`)),
    FLUSH,
    ...have.slice(0, MAX_HAVES).map((id) => packet(`have ${id}\n`)),
    packet("done\n"),
  ];
  yield Buffer.concat(lines);
}
