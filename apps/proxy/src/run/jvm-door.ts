import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";

export interface JvmDoorOptions {
  /** Whether a process belongs to the run, by its environment. */
  readonly isOurs: (environment: string) => boolean;
  /** Takes the connections that may come in. */
  readonly accept: (socket: Socket) => void;
}

/** A port for JVMs, and its end. */
export interface JvmDoor {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A port without a password, for Java sends none in the tunnels it opens by system properties. The kernel says whose a
 * connection is: only processes that were started with the run's environment are served. Linux only.
 */
export async function openJvmDoor({ isOurs, accept }: JvmDoorOptions): Promise<JvmDoor> {
  const server: Server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    comesFromOurs(socket, isOurs).then(
      (ours) => {
        if (!ours) return void socket.destroy();
        accept(socket);
        socket.resume();
      },
      () => socket.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function comesFromOurs({ remotePort, localPort }: Socket, isOurs: JvmDoorOptions["isOurs"]): Promise<boolean> {
  if (remotePort === undefined || localPort === undefined) return false;
  const inode = await inodeOf(remotePort, localPort);
  if (inode === undefined) return false;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    // Those of other users cannot be read, and are none of ours.
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (isOurs(environment) && (await holds(pid, `socket:[${inode}]`))) return true;
  }
  return false;
}

/** The inode of the client's end of a connection over loopback (proc_pid_net(5)). */
async function inodeOf(clientPort: number, serverPort: number): Promise<string | undefined> {
  const [client, server] = [clientPort, serverPort].map((port) => port.toString(16).toUpperCase().padStart(4, "0"));
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const lines = (await readFile(table, "latin1").catch(() => "")).split("\n");
    for (const line of lines) {
      const [, local = "", remote = "", , , , , , , inode] = line.trim().split(/\s+/);
      if (isLoopback(local, client as string) && isLoopback(remote, server as string)) return inode;
    }
  }
  return undefined;
}

/** 127.0.0.1 in the kernel's spelling, by itself or mapped into IPv6 as Java has it. */
function isLoopback(address: string, port: string): boolean {
  return address === `0100007F:${port}` || address === `0000000000000000FFFF00000100007F:${port}`;
}

async function holds(pid: string, link: string): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    if ((await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "")) === link) return true;
  }
  return false;
}
