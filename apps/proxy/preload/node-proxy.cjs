/*
 * Makes Node's own HTTPS and HTTP/2 clients obey HTTPS_PROXY, for the programs that bring agents of their own, such as
 * the AWS SDK for JavaScript v3, which NODE_USE_ENV_PROXY does not reach. Loaded into an agent's Node processes by
 * NODE_OPTIONS=--require. It has no dependency, stays silent, and leaves alone what has a way of its own: agents that
 * open their connections themselves or have a proxy configured, Unix sockets, IP addresses, and what NO_PROXY names.
 */
"use strict";

const http2 = require("node:http2");
const https = require("node:https");
const { syncBuiltinESMExports } = require("node:module");
const net = require("node:net");
const { Duplex } = require("node:stream");
const tls = require("node:tls");

const marker = Symbol.for("iam-agent-proxy.node-proxy");

if (!globalThis[marker]) {
  Object.defineProperty(globalThis, marker, { value: true });
  patchHttps();
  patchHttp2();
  // Names imported from the modules before now would be those of before.
  syncBuiltinESMExports();
}

function patchHttps() {
  const { prototype } = https.Agent;
  const direct = prototype.createConnection;
  prototype.createConnection = function createConnection(...args) {
    const [options] = args;
    const callback = args.find((arg) => typeof arg === "function");
    const isOptions = typeof options === "object" && options !== null;
    if (!isOptions || options.socket || options.socketPath || options.path || hasProxy(this)) {
      return direct.apply(this, args);
    }
    const host = options.host || options.hostname || "localhost";
    const port = Number(options.port) || 443;
    const proxy = proxyFor(host, port);
    if (proxy === undefined) return direct.apply(this, args);
    const through = (socket) => direct.call(this, { ...options, servername: options.servername || host, socket });
    if (callback === undefined) return through(new Tunnel(proxy, host, port));
    openTunnel(proxy, host, port, (error, socket) => {
      if (error) return callback(error);
      let secured;
      try {
        secured = through(socket);
      } catch (thrown) {
        socket.destroy();
        return callback(thrown);
      }
      callback(null, secured);
    });
    return undefined;
  };
}

function patchHttp2() {
  const direct = http2.connect;
  http2.connect = function connect(authority, options, listener) {
    const given = typeof options === "function" ? {} : { ...options };
    const onConnect = typeof options === "function" ? options : listener;
    let url;
    try {
      url = typeof authority === "string" ? new URL(authority) : authority;
    } catch {
      return direct.call(this, authority, options, listener);
    }
    const protocol = url.protocol || given.protocol || "https:";
    const host = (url.hostname || url.host || given.host || "localhost").replace(/^\[(.*)\]$/, "$1");
    const port = Number(url.port) || 443;
    const proxy = protocol === "https:" && !given.createConnection && !given.socket ? proxyFor(host, port) : undefined;
    if (proxy === undefined) return direct.call(this, authority, options, listener);
    const createConnection = () =>
      tls.connect({
        servername: host,
        ALPNProtocols: ["h2"],
        ...given,
        host,
        port,
        socket: new Tunnel(proxy, host, port),
      });
    return direct.call(this, authority, { ...given, createConnection }, onConnect);
  };
}

/** Whether an agent was given a proxy of Node's own (`proxyEnv`, NODE_USE_ENV_PROXY; Node 24). */
function hasProxy(agent) {
  return Object.getOwnPropertySymbols(agent).some(
    (symbol) => symbol.description === "kProxyConfig" && agent[symbol] !== null && agent[symbol] !== undefined,
  );
}

/** The proxy for a destination; undefined: straight there. */
function proxyFor(host, port) {
  const text = process.env.https_proxy || process.env.HTTPS_PROXY;
  if (!text) return undefined;
  // The proxy takes names only; what is asked for by address is this machine or its network.
  if (net.isIP(host) !== 0 || host === "localhost" || host.endsWith(".localhost")) return undefined;
  if (isExempt(host.toLowerCase(), port, process.env.no_proxy || process.env.NO_PROXY || "")) return undefined;
  try {
    const url = new URL(text);
    return url.protocol === "http:" ? url : undefined;
  } catch {
    return undefined;
  }
}

function isExempt(host, port, list) {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = "", only] = /^(?:\*?\.)?([^:]+)(?::(\d+))?$/.exec(entry) || [];
      if (name === "" || (only !== undefined && Number(only) !== port)) return false;
      return host === name || host.endsWith(`.${name}`);
    });
}

/** Opens a connection through the proxy: `done(error)` or `done(undefined, socket)`, once. */
function openTunnel(proxy, host, port, done) {
  const hostname = proxy.hostname.replace(/^\[(.*)\]$/, "$1");
  const socket = net.connect({ host: hostname, port: Number(proxy.port) || 80 });
  const user = decodeURIComponent(proxy.username);
  const password = decodeURIComponent(proxy.password);
  const authorization =
    user === "" && password === ""
      ? ""
      : `Proxy-Authorization: Basic ${Buffer.from(`${user}:${password}`).toString("base64")}\r\n`;
  let head = "";
  let over = false;
  const finish = (error) => {
    if (over) return;
    over = true;
    socket.off("data", onData);
    socket.off("error", finish);
    socket.off("end", onEnd);
    if (!error) return done(undefined, socket);
    socket.destroy();
    done(error);
  };
  const fail = (why, code) => finish(Object.assign(new Error(`iam-agent-proxy at ${proxy.host}: ${why}`), { code }));
  const onEnd = () => fail("it ended the connection", "ECONNRESET");
  const onData = (chunk) => {
    head += chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return head.length > 65_536 ? fail("its answer to CONNECT does not end", "EPROTO") : undefined;
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
    if (status !== 200) {
      const reason = head.slice(end + 4).trim() || head.slice(0, head.indexOf("\r\n"));
      return fail(`CONNECT ${host}:${port} was answered ${status}: ${reason}`, "ECONNREFUSED");
    }
    socket.pause();
    const rest = Buffer.from(head.slice(end + 4), "latin1");
    if (rest.length > 0) socket.unshift(rest);
    return finish();
  };
  socket.on("error", finish);
  socket.on("end", onEnd);
  socket.on("data", onData);
  socket.once("connect", () => {
    socket.setNoDelay(true);
    socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n${authorization}\r\n`);
  });
  return socket;
}

/** A tunnel as a stream that is there at once, for those who cannot wait for it: what is written waits for it. */
class Tunnel extends Duplex {
  #socket;
  #opening;
  #waiting = [];

  constructor(proxy, host, port) {
    super();
    this.#opening = openTunnel(proxy, host, port, (error, socket) => {
      if (error) return this.destroy(error);
      if (this.destroyed) return socket.destroy();
      this.#socket = socket;
      socket.on("data", (chunk) => this.push(chunk) || socket.pause());
      socket.on("end", () => this.push(null));
      socket.on("error", (cause) => this.destroy(cause));
      socket.on("close", () => this.destroy());
      socket.resume();
      for (const act of this.#waiting.splice(0)) act(socket);
    });
  }

  #when(act) {
    if (this.#socket) act(this.#socket);
    else this.#waiting.push(act);
  }

  _read() {
    this.#socket?.resume();
  }

  _write(chunk, _encoding, done) {
    this.#when((socket) => socket.write(chunk, done));
  }

  _final(done) {
    this.#when((socket) => socket.end(done));
  }

  _destroy(error, done) {
    this.#opening.destroy();
    done(error);
  }
}
