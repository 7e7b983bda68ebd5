// Allowed names whose upstream is not what it should be.
import { https, runProbes, way } from "./lib.ts";

const HOSTS = [
  "loop",
  "private",
  "link-local",
  "cgnat",
  "metadata",
  "multicast",
  "self",
  "unspecified",
  "rebind",
  "expired",
  "self-signed",
  "other-name",
  "missing",
  "good",
];

await runProbes(
  {
    ...Object.fromEntries(
      HOSTS.map((name) => [name, () => https(`${name}.example.com`, `/v1/${way}/${name}`)]),
    ),
    // asked again: a second look-up gets the second answer
    "rebind-again": () => https("rebind.example.com", `/v1/${way}/rebind-again`),
    redirect: () => https("good.example.com", "/redirect?to=https://evil.example.net/v1/redirected"),
  },
  8,
);
