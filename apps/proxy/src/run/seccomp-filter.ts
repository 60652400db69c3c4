/** The numbers of system calls on one architecture, and AUDIT_ARCH_* of it (linux/audit.h). */
interface Architecture {
  readonly audit: number;
  readonly socket: number;
  readonly ioctl: number;
  readonly keys: readonly number[];
  /** Numbers from here on are those of another ABI of the same architecture (x32). */
  readonly foreignFrom?: number;
}

/** arm64, RISC-V and LoongArch share one table (asm-generic/unistd.h). */
const generic = { socket: 198, ioctl: 29, keys: [217, 218, 219] } as const;

const architectures: Readonly<Record<string, Architecture>> = {
  x64: { audit: 0xc000003e, socket: 41, ioctl: 16, keys: [248, 249, 250], foreignFrom: 0x40000000 },
  arm64: { audit: 0xc00000b7, ...generic },
  riscv64: { audit: 0xc00000f3, ...generic },
  loong64: { audit: 0xc0000102, ...generic },
};

/** The same everywhere. */
const ioUringSetup = 425;

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: what a network namespace bounds. Virtual sockets (vsock), among others, it does not. */
const boundedFamilies = [1, 2, 10, 16];
/** TIOCSTI and TIOCLINUX put characters into the input of the terminal that the command shares. */
const typing = [0x5412, 0x541c];

const errno = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;

/** struct seccomp_data: the call's number, the architecture, and the low words of its first two arguments. */
const field = { number: 0, architecture: 4, firstArgument: 16, secondArgument: 24 } as const;

/** What a test leads to: a label, or the next line. */
type Line =
  | { readonly load: number }
  | { readonly test: "equal" | "atLeast"; readonly value: number; readonly to: string }
  | { readonly label: string }
  | { readonly answer: number };

/**
 * The system calls that reach past namespaces, denied to an isolated command: sockets of families that no namespace
 * bounds, typing into the terminal, the kernel's keyrings, io_uring (whose requests no filter sees), and all calls of
 * another architecture. A classic BPF program as seccomp(2) takes it; undefined where the numbers are not known.
 */
export function seccompFilter(architecture: string = process.arch): Buffer | undefined {
  const known = architectures[architecture];
  if (known === undefined) return undefined;
  const { audit, socket, ioctl, keys, foreignFrom } = known;
  const equal = (value: number, to: string): Line => ({ test: "equal", value, to });
  return assembled([
    { load: field.architecture },
    equal(audit, "native"),
    { answer: denied(errno.ENOSYS) },
    { label: "native" },
    { load: field.number },
    ...(foreignFrom === undefined ? [] : [{ test: "atLeast", value: foreignFrom, to: "absent" } as const]),
    equal(socket, "socket"),
    equal(ioctl, "ioctl"),
    ...keys.map((key) => equal(key, "forbidden")),
    equal(ioUringSetup, "absent"),
    { answer: allowed },
    { label: "socket" },
    { load: field.firstArgument },
    ...boundedFamilies.map((family) => equal(family, "allowed")),
    { answer: denied(errno.EAFNOSUPPORT) },
    { label: "ioctl" },
    { load: field.secondArgument },
    ...typing.map((request) => equal(request, "forbidden")),
    { label: "allowed" },
    { answer: allowed },
    { label: "forbidden" },
    { answer: denied(errno.EPERM) },
    { label: "absent" },
    { answer: denied(errno.ENOSYS) },
  ]);
}

/** SECCOMP_RET_ALLOW and SECCOMP_RET_ERRNO. */
const allowed = 0x7fff0000;
function denied(error: number): number {
  return 0x00050000 | error;
}

/** struct sock_filter { u16 code; u8 jt; u8 jf; u32 k } for each line, little-endian as all architectures above. */
function assembled(lines: readonly Line[]): Buffer {
  const places = new Map<string, number>();
  const instructions: Exclude<Line, { readonly label: string }>[] = [];
  for (const line of lines) {
    if ("label" in line) places.set(line.label, instructions.length);
    else instructions.push(line);
  }
  const program = Buffer.alloc(8 * instructions.length);
  for (const [index, line] of instructions.entries()) {
    const [code, jump, k] =
      "load" in line
        ? [0x20, 0, line.load]
        : "answer" in line
          ? [0x06, 0, line.answer]
          : [line.test === "equal" ? 0x15 : 0x35, (places.get(line.to) ?? Number.NaN) - index - 1, line.value];
    program.writeUInt16LE(code, 8 * index);
    program.writeUInt8(jump, 8 * index + 2);
    program.writeUInt32LE(k, 8 * index + 4);
  }
  return program;
}
