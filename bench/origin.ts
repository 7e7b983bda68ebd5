import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, listening, type Running, run, start } from "./processes.ts";

/** The HTTPS server that every target stands in front of. */
export interface Origin {
  readonly port: number;
  /** file of the CA that signed it */
  readonly ca: string;
  readonly server: Running;
}

export const MIB = 1024 * 1024;
/** the file of the download and upload sections */
export const TRANSFER_MIB = 64;

/**
 * Starts nginx with a certificate for `localhost` from a CA made here. `/1k` and `/64m` are files, `/events` is an
 * event stream from `eventsPort`, `/stream` is as long as the memory section needs, and PUT to `/put/` keeps what it gets in memory (the folder is a tmpfs).
 */
export async function startOrigin(
  folder: string,
  core: number | undefined,
  streamMib: number,
  eventsPort: number,
): Promise<Origin> {
  const at = (...names: string[]): string => join(folder, ...names);
  for (const name of ["www", "www/put", "body"]) mkdirSync(at(name), { recursive: true });
  writeFileSync(at("www", "1k"), apiAnswer(1024));
  writeFileSync(at("www", "64m"), Buffer.alloc(TRANSFER_MIB * MIB, sourceCode()));
  writeFileSync(at("www", "stream"), "");
  truncateSync(at("www", "stream"), streamMib * MIB);
  await makeCertificates(folder);
  const port = await freePort();
  writeFileSync(at("nginx.conf"), nginxConfig(folder, port, eventsPort));
  const log = at("nginx.log");
  const server = start("nginx", ["-c", at("nginx.conf"), "-p", folder, "-e", log], { core, log });
  await listening(server, port, log);
  return { port, ca: at("ca.pem"), server };
}

function nginxConfig(folder: string, port: number, eventsPort: number): string {
  // the worker stays who started it, so that it may write into the folder
  const user = process.getuid?.() === 0 ? "user root;" : "";
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/body;
  fastcgi_temp_path ${folder}/body;
  uwsgi_temp_path ${folder}/body;
  scgi_temp_path ${folder}/body;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  tcp_nodelay on;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    server_name localhost;
    ssl_certificate ${folder}/leaf.pem;
    ssl_certificate_key ${folder}/leaf.key;
    root ${folder}/www;
    location = /1k { default_type application/json; }
    location /put/ { dav_methods PUT; }
    location /events { proxy_pass http://127.0.0.1:${eventsPort}; proxy_http_version 1.1; proxy_buffering off; }
  }
}
`;
}

/** JSON as an API answers it, of so many bytes. */
function apiAnswer(length: number): string {
  const items: object[] = [];
  for (let id = 1; JSON.stringify({ items }).length < length - 160; id++)
    items.push({
      id,
      name: `item-${id}`,
      state: "open",
      note: "Some words on what it is about.",
      size: id * 37,
    });
  const json = JSON.stringify({ items, next: "" });
  return json.replace('"next":""', `"next":"${"more ".repeat(length).slice(0, length - json.length)}"`);
}

/** What inspection has to read as text, and finds nothing in. */
function sourceCode(): Buffer {
  const folder = join(import.meta.dirname, "..", "src", "policy");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  return Buffer.concat(files.map((name) => readFileSync(join(folder, name))));
}

async function makeCertificates(folder: string): Promise<void> {
  const file = (name: string): string => join(folder, name);
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  await run("openssl", [
    ...[
      "req",
      "-x509",
      ...ec,
      "-subj",
      "/CN=bench origin CA",
      "-keyout",
      file("ca.key"),
      "-out",
      file("ca.pem"),
    ],
    ...["-addext", "keyUsage=critical,keyCertSign"],
  ]);
  await run("openssl", [
    "req",
    ...ec,
    "-subj",
    "/CN=localhost",
    "-keyout",
    file("leaf.key"),
    "-out",
    file("leaf.csr"),
  ]);
  writeFileSync(file("leaf.ext"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n");
  await run("openssl", [
    ...[
      "x509",
      "-req",
      "-in",
      file("leaf.csr"),
      "-CA",
      file("ca.pem"),
      "-CAkey",
      file("ca.key"),
      "-days",
      "2",
    ],
    ...["-extfile", file("leaf.ext"), "-out", file("leaf.pem")],
  ]);
}
