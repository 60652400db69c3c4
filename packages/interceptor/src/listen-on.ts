import type { AddressInfo, Server } from "node:net";

export interface ListenOptions {
  /** Names or addresses of this machine; the first must be there. */
  readonly hosts: readonly string[];
  /** 0: any free one, the same for all hosts. */
  readonly port: number;
}

/**
 * Listens on every host at one port, with a server for each, and resolves with the port. Hosts after the first may be
 * missing: a machine without IPv6 has only one loopback. Rejects with Node's `EADDRINUSE` and the like, and then none listens.
 */
export async function listenOn<T extends Server>(
  makeServer: () => T,
  { hosts, port }: ListenOptions,
): Promise<{ readonly port: number; readonly servers: readonly T[] }> {
  const servers: T[] = [];
  let bound = port;
  for (const host of hosts) {
    const server = makeServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host, port: bound, backlog: 1024, ipv6Only: host.includes(":") }, resolve);
      });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (servers.length > 0 && (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT")) continue;
      await stopListening(servers);
      throw error;
    }
    servers.push(server);
    bound = (server.address() as AddressInfo).port;
  }
  return { port: bound, servers };
}

/** Takes no more connections, and resolves when those that there are have ended. */
export async function stopListening(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) => new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve())),
    ),
  );
}
