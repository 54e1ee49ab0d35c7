/**
 * The same service as memed, in Node: node:http on one event loop, and an addon that draws in libuv's pool with the
 * captioner of the other contestants.
 *
 * Facts that come with Node:
 * - A head or a body that is late or malformed is answered by Node itself, without JSON.
 * - Connections beyond the limit are closed, and do not wait.
 * - With a keep-alive timeout there is a `Keep-Alive` field in each answer, and `Connection: keep-alive`.
 * - The size of libuv's pool is set from outside, by UV_THREADPOOL_SIZE, before anything uses it.
 */

import process from "node:process";

import { Captioner } from "./captioner.js";
import { Server } from "./server.js";

/** Threads that libuv's pool has by default. */
const DEFAULT_POOL = 4;

/** Reads the command line; prints the help or the mistakes, and exits, if that is all there is to do. */
function open() {
  try {
    return new Captioner(process.argv.slice(2));
  } catch (error) {
    if (error.code === "Cancelled") {
      process.stdout.write(error.message);
      process.exit(0);
    }
    console.error(error.message);
    process.exit(error.code === "InvalidArg" ? 64 : 70);
  }
}

const captioner = open();
const pool = Number(process.env.UV_THREADPOOL_SIZE ?? DEFAULT_POOL);
if (captioner.settings.renderThreads > pool) {
  console.error(`libuv's pool has ${pool} threads: set UV_THREADPOOL_SIZE for more`);
  process.exit(64);
}
const server = new Server(captioner);
const stopped = new Promise((resolve) => {
  process.once("SIGINT", resolve);
  process.once("SIGTERM", resolve);
});
console.error(`listening on ${await server.listen()}`);
await stopped;
if (!(await server.stop())) {
  console.error("some requests were not finished in time and were cut off");
}
// Drawings that were cut off would keep the process.
process.exit(0);
