// The third of four steps fails with an error of another type than the others.

import { readFile } from "node:fs/promises";

class Refusal extends Error {}

async function read() {
  return "";
}

/** @param {string} body */
async function decode(body) {
  if (body === undefined) throw new Refusal();
  return body.length;
}

/** @param {number} template */
async function find(template) {
  return await readFile(`/dev/null/${template}`);
}

/** @param {Buffer} template */
async function draw(template) {
  return Buffer.concat([template, Buffer.of(1)]);
}

/** @throws {Refusal} */
async function answer() {
  const body = await read();
  const asked = await decode(body);
  const template = await find(asked);
  const picture = await draw(template);
  return picture.length;
}

await answer();
