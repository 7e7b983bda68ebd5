import { isIP } from "node:net";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyAddress } from "../../src/policy/address.ts";

describe("classifyAddress", () => {
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.0.2.1",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.100.7",
    "203.0.113.7",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
  ])("lets %s be dialled", (address) => {
    expect(classifyAddress(address)).toBe("public");
  });

  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::808:808",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "2a00::5efe:7f00:1",
    "2a00::200:5efe:10.0.0.1",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "",
    "localhost",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    " 8.8.8.8",
    "8.8.8.8 ",
    "8.8.8.8:53",
    "[2606:4700::1]",
    "2606:4700::1%eth0",
  ])("refuses %s", (address) => {
    expect(classifyAddress(address)).not.toBe("public");
  });

  it("refuses every address of this host, in every form", () => {
    const own = ["198.51.100.9", "2606:4700::9", "fe80::1%eth0"];
    for (const address of [
      "198.51.100.9",
      "::ffff:198.51.100.9",
      "64:ff9b::c633:6409",
      "2606:4700::9",
      "2606:4700:0:0::0009",
    ]) {
      expect(classifyAddress(address, own)).toBe("an address of this host");
    }
    expect(classifyAddress("198.51.100.8", own)).toBe("public");
  });

  it("judges IPv4 inside IPv6 as the IPv4 address, or more strictly", () => {
    fc.assert(
      fc.property(fc.ipV4(), (v4) => {
        const verdict = classifyAddress(v4);
        const [a = 0, b = 0, c = 0, d = 0] = v4.split(".").map(Number);
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        for (const same of [`::ffff:${v4}`, `::ffff:${hex}`, `64:ff9b::${hex}`]) {
          expect(classifyAddress(same) === "public").toBe(verdict === "public");
        }
        for (const never of [
          `::${hex}`,
          `2002:${hex}::1`,
          `2001:0:${hex}::1`,
          `2606::5efe:${hex}`,
          `64:ff9b:1::${hex}`,
        ]) {
          expect(classifyAddress(never)).not.toBe("public");
        }
      }),
    );
  });

  it("reads every spelling of one IPv6 address alike", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
        expect(classifyAddress(text)).toBe(classifyAddress(canonical));
      }),
    );
  });

  it("calls nothing public that is not an address", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4Extended()), (text) => {
        expect(isIP(text) !== 0 || classifyAddress(text) !== "public").toBe(true);
      }),
    );
  });
});
