import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fresh, type IsolationView } from "./isolation-view.ts";

/**
 * The same by `unshare` and `mount`: a shell script makes the view as root of a user namespace of its own, and the
 * command then runs in a second one, under the user's own id and without any capability over the first.
 */
export function unshareCommand(
  view: IsolationView,
  command: readonly string[],
  { program }: { readonly program: string },
): readonly string[] {
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const inner = [
    ...["perl", "-e", filtered, view.seccompFile],
    ...[program, "--user", `--map-user=${uid}`, `--map-group=${gid}`, "--"],
  ];
  const namespaces = ["--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--uts"];
  // Too long for an argument where a home directory has many entries.
  const file = join(view.runDir, "view.sh");
  writeFileSync(file, script(view, inner), { mode: 0o600 });
  return [
    program,
    ...[...namespaces, "--fork", "--kill-child", "--propagation", "private", "--"],
    ...["sh", file, ...command],
  ];
}

/**
 * Sets the filter as prctl(2) has it (PR_SET_NO_NEW_PRIVS 38; PR_SET_SECCOMP 22, SECCOMP_MODE_FILTER 2), for which
 * util-linux before 2.41 has no program, and goes on as the rest of the line.
 */
const filtered = [
  "use POSIX; my ($prctl) = map { $_ eq 'x86_64' ? 157 : 167 } (POSIX::uname())[4];",
  "open my $file, '<:raw', shift or die qq(the filter: $!\n); local $/; my $filter = <$file>; close $file;",
  "syscall($prctl, 38, 1, 0, 0, 0) == 0 or die qq(no_new_privs: $!\n);",
  "syscall($prctl, 22, 2, pack('S x![P] P', length($filter) / 8, $filter), 0, 0) == 0 or die qq(seccomp: $!\n);",
  "exec { $ARGV[0] } @ARGV or die qq($ARGV[0]: $!\n);",
].join(" ");

const devices = ["null", "zero", "full", "random", "urandom", "tty"];

function script(view: IsolationView, inner: readonly string[]): string {
  const { runDir, workingDirectory, writable, rebuilt, masked, shown } = view;
  // What has to be seen again is kept hold of: before everything becomes read-only, or after.
  const held = [...writable, runDir, ...shown, ...rebuilt.map(({ path }) => path)];
  const hold = (path: string): string => `/dev/iap/${held.indexOf(path)}`;
  const keepHold = (path: string): string => {
    const place = hold(path).replace("/dev", "/mnt");
    return `if [ -d ${quoted(path)} ]; then mkdir ${place}; else touch ${place}; fi; mount --rbind ${quoted(path)} ${place}`;
  };
  const lines = [
    "set -e",
    "PATH=$PATH:/usr/sbin:/sbin",
    // Without a note of it in a table that cannot be written here.
    'mount() { command mount -n "$@"; }',
    "ip link set lo up",
    // A fresh /dev, made where it will not be in the way.
    "mount -t tmpfs -o mode=0755,nosuid tmpfs /mnt",
    ...devices.map((name) => `touch /mnt/${name}; mount --bind /dev/${name} /mnt/${name}`),
    "mkdir /mnt/pts /mnt/shm /mnt/iap",
    "mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /mnt/pts",
    "ln -s pts/ptmx /mnt/ptmx; ln -s /proc/self/fd /mnt/fd",
    "ln -s /proc/self/fd/0 /mnt/stdin; ln -s /proc/self/fd/1 /mnt/stdout; ln -s /proc/self/fd/2 /mnt/stderr",
    "mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /mnt/shm",
    ...writable.map(keepHold),
    ...readOnlyMounts(),
    ...held.slice(writable.length).map(keepHold),
    "mount --move /mnt /dev",
    ...fresh.filter((path) => existsSync(path)).map((path) => `mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs ${path}`),
    ...rebuilt.flatMap(({ path, entries }) => [
      `mkdir -p ${quoted(path)}; mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs ${quoted(path)}`,
      ...entries.map(({ path: entry, kind }) => {
        const from = quoted(hold(path) + entry.slice(path.length));
        const to = quoted(entry);
        if (typeof kind === "object") return `ln -s -- ${quoted(kind.link)} ${to}`;
        // It may be gone meanwhile.
        return `[ ! -e ${from} ] || { ${kind === "directory" ? "mkdir" : "touch"} ${to}; mount --rbind ${from} ${to}; }`;
      }),
    ]),
    ...writable.map((path) => bindBack(path, hold(path))),
    ...masked.map(({ path, kind }) => {
      const [test, mount] =
        kind === "directory"
          ? ["-d", "mount -t tmpfs -o mode=0700,nosuid,nodev tmpfs"]
          : ["-e", "mount --bind /dev/null"];
      // What was in a directory that is new now is gone already.
      return `if [ ${test} ${quoted(path)} ]; then ${mount} ${quoted(path)}; fi`;
    }),
    ...[runDir, ...shown].map((path) => bindBack(path, hold(path))),
    ...rebuilt.map(({ path }) => `mount -o remount,bind,ro,nosuid,nodev ${quoted(path)}`),
    ...held.map((path) => `umount -l ${hold(path)}`),
    "rm -r /dev/iap",
    "mount -t proc -o nosuid,nodev,noexec proc /proc",
    `cd ${quoted(workingDirectory)}`,
    `trap "" INT QUIT HUP TERM`,
    // Not the shell's last act: it stays, as the first process, for those that are orphaned.
    `code=0; ${inner.map(quoted).join(" ")} "$@" || code=$?`,
    "exit $code",
  ];
  return lines.join("\n");
}

/** Shows a path again where a directory above it was hidden. */
function bindBack(path: string, held: string): string {
  const name = quoted(path);
  const parent = quoted(path.replace(/\/[^/]*$/, "") || "/");
  return `mkdir -p ${parent}; if [ -d ${held} ]; then mkdir -p ${name}; else [ -e ${name} ] || touch ${name}; fi; mount --rbind ${held} ${name}`;
}

/** Every mount there is made read-only; the options it has must be named again, for they cannot be taken off here. */
function readOnlyMounts(): readonly string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").trimEnd().split("\n");
  return lines
    .map((line) => line.split(" "))
    .map(([, , , , path = "", options = ""]) => ({ path: unescaped(path), options: options.split(",") }))
    .filter(({ path }) => !/^\/(proc|dev|mnt)(\/|$)/.test(path))
    .map(({ path, options }) => {
      const others = options.filter((option) => option !== "rw" && option !== "ro");
      const remount = `mount -o ${["remount", "bind", "ro", ...others].join(",")} ${quoted(path)}`;
      // One that another covers, or that is gone meanwhile, cannot be reached by its name; the system itself must work.
      return path === "/" ? remount : `${remount} 2>/dev/null || true`;
    });
}

/** proc_pid_mountinfo(5): blanks and backslashes are octal there. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
