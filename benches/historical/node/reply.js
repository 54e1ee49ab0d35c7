/** The answers that this server makes itself, and the header fields of all answers. */

import { STATUS_CODES } from "node:http";

/** @typedef {import("./captioner.js").Answer} Answer */
/** @typedef {Omit<Answer, "body"> & { body: Buffer | string, headers?: Record<string, string> }} Reply */

const FOR_ALL = {
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Access-Control-Expose-Headers": "Allow, ETag, Retry-After",
};
const EMPTY = Buffer.alloc(0);

/**
 * JSON, with a newline at the end for terminals.
 *
 * @param {number} status
 * @param {unknown} value
 * @param {Record<string, string>} [headers]
 * @returns {Reply}
 */
export function json(status, value, headers) {
  // As a string: Node sends one together with the head.
  const body = `${JSON.stringify(value)}\n`;
  return { status, contentType: "application/json", body, headers };
}

/**
 * @param {number} status
 * @param {string} sentence
 * @param {Record<string, string>} [headers]
 */
export function error(status, sentence, headers) {
  return json(status, { error: sentence }, headers);
}

/** An error after which it is unknown where the next request begins. @param {number} status @param {string} sentence */
export function lastError(status, sentence) {
  return error(status, sentence, { Connection: "close" });
}

/** 404. @param {string} path */
export function notFound(path) {
  const shown = JSON.stringify([...path].slice(0, 60).join(""));
  return error(
    404,
    `there is nothing at ${shown}: the paths are /caption, /templates, /templates/{name}, /fonts, /stats and /health`,
  );
}

/** 405. @param {string} method @param {string} allowed */
export function methodNotAllowed(method, allowed) {
  return error(405, `${method.slice(0, 20)} is not possible here, only ${allowed}`, allowing(allowed));
}

/** What a browser asks before it lets a page post JSON to another origin. @param {string} allowed @returns {Reply} */
export function options(allowed) {
  return { status: 204, body: EMPTY, headers: allowing(allowed) };
}

/** The methods that there are, for clients and for pages of other origins. @param {string} methods */
function allowing(methods) {
  return {
    Allow: methods,
    "Access-Control-Allow-Methods": methods,
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
  };
}

/**
 * Sends it. Node leaves out the body if the method is HEAD.
 *
 * @param {import("node:http").ServerResponse} response
 * @param {Reply} reply
 * @param {boolean} isLast of its connection
 */
export function send(response, reply, isLast) {
  /** @type {Record<string, string | number>} */
  const headers = {
    "Cache-Control": reply.etag === undefined ? "no-store" : "public, max-age=300",
    ...FOR_ALL,
    ...reply.headers,
  };
  if (reply.contentType !== undefined) {
    headers["Content-Type"] = reply.contentType;
    headers["Content-Length"] = Buffer.byteLength(reply.body);
  }
  if (reply.etag !== undefined) {
    headers.ETag = reply.etag;
  }
  if (isLast) {
    headers.Connection = "close";
  }
  response.writeHead(reply.status, STATUS_CODES[reply.status], headers);
  response.end(reply.body);
}
