import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Origin, startOrigin } from "./https-origin.ts";
import type { Credentials } from "./pki.ts";

/** One entry of a POSIX ustar archive (IEEE 1003.1, pax interchange format). */
function tarEntry(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function tarball(files: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(files).map(([name, text]) => tarEntry(`package/${name}`, Buffer.from(text)));
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
}

/** A package registry that holds `tiny-words` 1.0.0, whose only export is the string `hello`. */
export function startNpmRegistry(credentials: Credentials, host: string): Promise<Origin> {
  const manifest = { name: "tiny-words", version: "1.0.0", main: "index.js" };
  const archive = tarball({
    "package.json": JSON.stringify(manifest),
    "index.js": 'module.exports = "hello";\n',
  });
  const dist = {
    tarball: `https://${host}/tiny-words/-/tiny-words-1.0.0.tgz`,
    integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}`,
    shasum: createHash("sha1").update(archive).digest("hex"),
  };
  return startOrigin({
    credentials,
    handler: (seen, response) => {
      if (seen.url === "/tiny-words") {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(
          JSON.stringify({
            name: "tiny-words",
            "dist-tags": { latest: "1.0.0" },
            versions: { "1.0.0": { ...manifest, dist } },
          }),
        );
      } else if (seen.url.endsWith(".tgz")) {
        response.writeHead(200, { "content-type": "application/octet-stream" });
        response.end(archive);
      } else {
        response.writeHead(404, { "content-type": "application/json" });
        response.end("{}");
      }
      return true;
    },
  });
}
