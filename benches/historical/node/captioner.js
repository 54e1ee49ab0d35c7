/** The addon, which cargo builds from `addon/`. `captioner.d.ts` describes it. */

import { createRequire } from "node:module";

/** @type {typeof import("./captioner.js")} */
const addon = createRequire(import.meta.url)(process.env.CAPTIONER_ADDON ?? "./captioner.node");

export const { Captioner, Job } = addon;
