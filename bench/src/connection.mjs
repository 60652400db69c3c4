import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";

const headEnd = Buffer.from("\r\n\r\n");

/**
 * A connection of the load generator: TLS to a host, through a proxy's CONNECT or straight, and one request at a time on
 * it. It reads HTTP with a Content-Length and no more, so that it costs little beside what it measures.
 */
export class Connection {
  #socket;
  #answer;
  #onData;

  constructor(socket) {
    this.#socket = socket;
    socket.on("data", (data) => {
      if (this.#answer === undefined) return this.#fail(new Error("bytes that nobody asked for"));
      this.#onData(data);
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the connection was closed before the answer was complete")));
  }

  /**
   * @param {object} options
   * @param {string} options.host The server's name.
   * @param {string} options.ca Whom to trust, PEM.
   * @param {number} options.port On this machine.
   * @param {boolean} options.proxied Whether a proxy listens there, or the server itself.
   * @param {number} [options.connectPort] The port that the proxy is asked to connect to; 443.
   */
  static async open({ host, ca, port, proxied, connectPort = 443 }) {
    const socket = connectTcp(port, "127.0.0.1");
    socket.setNoDelay(true);
    if (proxied) {
      await once(socket, "connect");
      await connectThrough(socket, `${host}:${connectPort}`);
    }
    const secured = connectTls({ socket, servername: host, ca });
    await once(secured, "secureConnect");
    return new Connection(secured);
  }

  /**
   * Sends a request and resolves when its answer is complete; anything but 200 throws.
   * @param {Buffer} request
   * @param {object} [options]
   * @param {(socket: import("node:tls").TLSSocket) => Promise<void>} [options.body] Sends what follows the head.
   * @param {(socket: import("node:tls").TLSSocket) => void} [options.onHead] Told when the head of the answer is here.
   */
  request(request, { body, onHead } = {}) {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      let left = -1;
      let head = Buffer.alloc(0);
      this.#onData = (data) => {
        if (left < 0) {
          head = head.length === 0 ? data : Buffer.concat([head, data]);
          const end = head.indexOf(headEnd);
          if (end < 0) return;
          const text = head.toString("latin1", 0, end);
          if (!text.startsWith("HTTP/1.1 200")) {
            return this.#fail(new Error(`not 200: ${head.toString("latin1").slice(0, 600)}`));
          }
          const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
          if (length === undefined) return this.#fail(new Error(`no Content-Length: ${text}`));
          left = Number(length) - (head.length - end - headEnd.length);
          onHead?.(this.#socket);
        } else {
          left -= data.length;
        }
        if (left < 0) return this.#fail(new Error("more bytes than Content-Length says"));
        if (left === 0) {
          this.#answer = undefined;
          resolve();
        }
      };
      this.#socket.write(request);
      body?.(this.#socket).catch((error) => this.#fail(error));
    });
  }

  close() {
    this.#answer = undefined;
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #fail(error) {
    const answer = this.#answer;
    this.#answer = undefined;
    this.#socket.destroy();
    answer?.reject(error);
  }
}

async function connectThrough(socket, authority) {
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    const [data] = await once(socket, "data");
    head += data.toString("latin1");
  }
  if (!head.startsWith("HTTP/1.1 200")) throw new Error(`CONNECT was refused: ${head}`);
}
