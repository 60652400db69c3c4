import { expect, test } from "vitest";
import { seccompFilter } from "../../src/run/seccomp-filter.ts";

const allow = 0x7fff0000;
const refuse = (errno: number): number => 0x00050000 | errno;
const x64 = 0xc000003e;
const arm64 = 0xc00000b7;

/** What the kernel makes of a call: the classic BPF of seccomp(2), as far as the filter uses it. */
function judged(program: Buffer, architecture: number, call: number, args: readonly number[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(BigInt(value), 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const [code, jump, otherwise, k] = [
      program.readUInt16LE(8 * at),
      program.readUInt8(8 * at + 2),
      program.readUInt8(8 * at + 3),
      program.readUInt32LE(8 * at + 4),
    ];
    if (code === 0x06) return k;
    if (code === 0x20) accumulator = data.readUInt32LE(k);
    else at += (code === 0x15 ? accumulator === k : accumulator >= k) ? jump : otherwise;
  }
}

test.each([
  ["x64", x64, { socket: 41, ioctl: 16, keyctl: 250, read: 0 }],
  ["arm64", arm64, { socket: 198, ioctl: 29, keyctl: 219, read: 63 }],
])("on %s: sockets that a network namespace bounds are allowed, all others are not", (name, audit, calls) => {
  const program = seccompFilter(name) as Buffer;
  for (const family of [1, 2, 10, 16]) expect(judged(program, audit, calls.socket, [family])).toBe(allow);
  for (const family of [17, 21, 38, 40, 42, 44])
    expect(judged(program, audit, calls.socket, [family])).toBe(refuse(97));
  expect(judged(program, audit, calls.read)).toBe(allow);
  expect(judged(program, audit, calls.keyctl)).toBe(refuse(1));
  expect(judged(program, audit, 425)).toBe(refuse(38));
});

test("characters cannot be typed into the terminal, whatever stands in the upper half of the request", () => {
  const program = seccompFilter("x64") as Buffer;
  expect(judged(program, x64, 16, [0, 0x5412])).toBe(refuse(1));
  expect(judged(program, x64, 16, [0, 2 ** 40 + 0x5412])).toBe(refuse(1));
  expect(judged(program, x64, 16, [0, 0x541c])).toBe(refuse(1));
  expect(judged(program, x64, 16, [0, 0x5413])).toBe(allow);
});

test("calls of another architecture, and of another ABI of the same, are none", () => {
  const program = seccompFilter("x64") as Buffer;
  expect(judged(program, 0x40000003, 102)).toBe(refuse(38));
  expect(judged(program, arm64, 0)).toBe(refuse(38));
  expect(judged(program, x64, 0x40000000 + 41, [40])).toBe(refuse(38));
});

test("where the numbers are not known there is no filter", () => {
  expect(seccompFilter("s390x")).toBeUndefined();
});
