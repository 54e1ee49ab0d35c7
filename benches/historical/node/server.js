/** Answers requests, under limits of what clients may do. */

import { createServer } from "node:http";

import { error, json, lastError, methodNotAllowed, notFound, options, send } from "./reply.js";
import { QueueIsFull, Renderer } from "./renderer.js";
import { originForm, routeOf } from "./routes.js";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:http").ServerResponse} ServerResponse */
/** @typedef {import("./captioner.js").Answer} Answer */
/** @typedef {import("./captioner.js").Captioner} Captioner */
/** @typedef {import("./captioner.js").Job} Job */
/** @typedef {import("./reply.js").Reply} Reply */

/** Bytes of a request's head, and of its target, at most. */
const MAX_HEAD = 64 << 10;
const MAX_TARGET = 32 << 10;
/** How long a server goes on accepting requests after a signal to stop, for requests that are already on their way. */
const LAST_CALL = 100;

/** What a client may call a picture of its own. Of which format it is, its first bytes say. */
const PICTURES = new Set(["image/jpeg", "image/png", "image/gif"]);
const READ = "GET, HEAD, OPTIONS";
const READ_OR_POST = "GET, HEAD, POST, OPTIONS";

/** The client has gone: there is nobody to answer. */
class HungUp extends Error {}
class TimedOut extends Error {}
class TooLarge extends Error {}

export class Server {
  #captioner;
  #settings;
  #renderer;
  #counts = { answered: 0, hung_up: 0, in_flight: 0, refused: 0, timed_out: 0 };
  #isStopping = false;
  #http;
  /** One for each job that is drawn or waits. */
  #drawing = new Set();
  /** Connections without a request so far: Node neither closes them at the end nor counts their time any more. */
  #fresh = new Set();

  /** @param {Captioner} captioner */
  constructor(captioner) {
    this.#captioner = captioner;
    this.#settings = captioner.settings;
    const settings = this.#settings;
    this.#renderer = new Renderer(settings.renderThreads, settings.queue);
    this.#http = createServer({
      maxHeaderSize: MAX_HEAD,
      headersTimeout: settings.headerTimeout,
      // For the head and the body.
      requestTimeout: settings.headerTimeout + settings.requestTimeout,
      // How often Node looks whether these two are over; by default each 30 seconds.
      connectionsCheckingInterval: Math.min(settings.headerTimeout / 10, 1000),
      keepAliveTimeout: settings.keepAliveTimeout,
      noDelay: true,
    });
    // Further ones are closed: Node cannot leave them in the kernel's backlog.
    this.#http.maxConnections = settings.maxConnections;
    // Without a byte in either direction, while a picture is drawn or while the client reads it.
    this.#http.timeout = settings.requestTimeout + settings.writeTimeout;
    this.#http.on("connection", (socket) => {
      this.#fresh.add(socket);
      socket.once("close", () => this.#fresh.delete(socket));
    });
    this.#http.on("request", (request, response) => {
      this.#fresh.delete(request.socket);
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  /** @returns {Promise<string>} the URL that it listens on */
  listen() {
    const { host, port } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen({ host, port, backlog: 4096 }, () => {
        const address = /** @type {import("node:net").AddressInfo} */ (this.#http.address());
        const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
        resolve(`http://${name}:${address.port}`);
      });
    });
  }

  /** Finishes what is in flight. @returns {Promise<boolean>} whether all of it was done in time */
  async stop() {
    // Meanwhile all goes on, but each answer is the last one of its connection.
    this.#isStopping = true;
    await new Promise((resolve) => setTimeout(resolve, LAST_CALL));
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        // The process ends only after the threads of libuv's pool.
        this.#drawing.forEach((controller) => controller.abort(new TimedOut()));
        resolve(false);
      }, this.#settings.shutdownTimeout);
      this.#http.close(() => {
        clearTimeout(late);
        resolve(true);
      });
      // From Node 19 on, it is part of close.
      this.#http.closeIdleConnections();
      this.#fresh.forEach((socket) => socket.destroy());
    });
  }

  /** @param {IncomingMessage} request @param {ServerResponse} response */
  async #answer(request, response) {
    this.#counts.in_flight++;
    /** @type {Reply} */
    let reply;
    try {
      const early = this.#route(request, response);
      reply = early instanceof Promise ? await early : early;
    } catch (reason) {
      if (reason instanceof HungUp || response.closed) {
        this.#counts.in_flight--;
        this.#counts.hung_up++;
        return;
      }
      reply = refusal(reason);
    }
    this.#counts.in_flight--;
    this.#counts.answered++;
    // The other 503 is that of /health.
    if (reply.status === 503 && !this.#isStopping) this.#counts.refused++;
    if (reply.status === 504) this.#counts.timed_out++;
    send(response, reply, this.#isStopping);
  }

  /** @param {IncomingMessage} request @param {ServerResponse} response @returns {Reply | Promise<Reply>} */
  #route(request, response) {
    const target = originForm(/** @type {string} */ (request.url));
    if (target.length > MAX_TARGET) {
      return lastError(414, `the URL is longer than ${MAX_TARGET} bytes: POST /caption takes JSON`);
    }
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    const query = mark < 0 ? "" : target.slice(mark + 1);
    const route = routeOf(path);
    if (route === undefined) return notFound(path);
    const isCaption = route.first === "caption";
    const allowed = isCaption ? READ_OR_POST : READ;
    const method = /** @type {string} */ (request.method);
    if (method === "OPTIONS") return options(allowed);
    if (method === "POST" && isCaption) return this.#postedCaption(query, request, response);
    if (method !== "GET" && method !== "HEAD") return methodNotAllowed(method, allowed);
    switch (route.first) {
      case "caption":
        return this.#caption(query, request, response);
      case "templates": {
        const { name } = route;
        const job = name === undefined ? this.#captioner.listTemplates() : this.#captioner.describeTemplate(name);
        return this.#draw(job, response);
      }
      case "fonts":
        return this.#draw(this.#captioner.listFonts(), response);
      case "stats":
        return json(200, this.#counts);
      default:
        return this.#health();
    }
  }

  #health() {
    return this.#isStopping ? json(503, { status: "stopping" }) : json(200, { status: "ok" });
  }

  /** @param {string} query @param {IncomingMessage} request @param {ServerResponse} response */
  #caption(query, request, response) {
    const read = this.#captioner.readQuery(query, request.headers["if-none-match"]);
    return "draw" in read ? this.#draw(read, response) : read;
  }

  /** @param {string} query @param {IncomingMessage} request @param {ServerResponse} response @returns {Promise<Reply>} */
  async #postedCaption(query, request, response) {
    // A missing type counts as JSON.
    const [field] = (request.headers["content-type"] ?? "application/json").split(";");
    const mime = field.trim().toLowerCase();
    const isPicture = PICTURES.has(mime);
    if (!isPicture && query !== "") {
      const sentence = "POST takes its fields from the JSON body: leave the query string empty, or send a GET";
      return lastError(400, sentence);
    }
    if (!isPicture && mime !== "application/json") {
      const sentence =
        'the body must be JSON, with "Content-Type: application/json", or a picture: a JPEG, a PNG or a GIF, ' +
        'with "image/jpeg", "image/png" or "image/gif"';
      return lastError(415, sentence);
    }
    const { maxBody, maxUpload } = this.#settings;
    const body = await readBody(request, isPicture ? maxUpload : maxBody);
    const read = isPicture ? this.#captioner.readPicture(query, body) : this.#captioner.readJson(body);
    return "draw" in read ? this.#draw(read, response) : read;
  }

  /**
   * Does a job under the deadline, which is over the wait for a thread, too. It is cancelled if the client hangs up.
   *
   * @param {Job} job
   * @param {ServerResponse} response
   */
  async #draw(job, response) {
    const controller = new AbortController();
    this.#drawing.add(controller);
    const deadline = setTimeout(() => controller.abort(new TimedOut()), this.#settings.requestTimeout);
    const hangUp = () => controller.abort(new HungUp());
    response.once("close", hangUp);
    try {
      // While the body was read, for example; there would be no event any more.
      if (response.closed) throw new HungUp();
      return await this.#renderer.draw(job, controller.signal);
    } finally {
      // One that was not drawn still has its body.
      job.cancel();
      this.#drawing.delete(controller);
      clearTimeout(deadline);
      response.off("close", hangUp);
    }
  }
}

/**
 * The whole body.
 *
 * @param {IncomingMessage} request
 * @param {number} limit in bytes
 * @throws {TooLarge} at once, if the body says that it is
 * @throws {HungUp}
 */
async function readBody(request, limit) {
  const tooLarge = () => new TooLarge(`the body is larger than ${limit} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge();
  /** @type {Buffer[]} */
  const chunks = [];
  let length = 0;
  try {
    // To leave this loop early must not destroy the socket: there is an answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > limit) break;
      chunks.push(chunk);
    }
  } catch {
    // Node has answered a body that is late or malformed, and closed the connection.
    throw new HungUp();
  }
  if (length > limit) throw tooLarge();
  return Buffer.concat(chunks, length);
}

/** The answer to what was thrown. @param {unknown} reason */
function refusal(reason) {
  if (reason instanceof TooLarge) return lastError(413, reason.message);
  if (reason instanceof QueueIsFull) {
    const sentence = "all render threads are busy and the queue is full: try again in a second";
    return error(503, sentence, { "Retry-After": "1" });
  }
  if (reason instanceof TimedOut) {
    return error(504, "the picture was not done in time: ask for less, or try again");
  }
  console.error("error:", reason);
  return error(500, "something went wrong on our side: it is not your fault");
}
