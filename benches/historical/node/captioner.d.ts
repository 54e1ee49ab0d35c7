/** What addon/src/lib.rs is for JavaScript; its comments say more. */

export class Captioner {
  /** @param commandLine memed's, without the name of the program */
  constructor(commandLine: string[]);
  readonly settings: Settings;
  readQuery(query: string, ifNoneMatch?: string): Job | Answer;
  readJson(body: Uint8Array): Job | Answer;
  /** Does not copy the body, whose bytes must stay as they are, and where they are, until the job is done. */
  readPicture(query: string, body: Buffer): Job | Answer;
  listTemplates(): Job;
  listFonts(): Job;
  describeTemplate(name: string): Job;
}

/** Something to draw, or to list. */
export class Job {
  /** In libuv's pool. Once. */
  draw(): Promise<Answer>;
  /** `draw` then resolves within milliseconds, with an answer that nobody waits for. */
  cancel(): void;
}

/** An answer, in the terms of HTTP. */
export interface Answer {
  status: number;
  contentType?: string;
  etag?: string;
  body: Buffer;
}

/** Times are in milliseconds. */
export interface Settings {
  host: string;
  port: number;
  renderThreads: number;
  queue: number;
  maxConnections: number;
  maxBody: number;
  maxUpload: number;
  requestTimeout: number;
  shutdownTimeout: number;
  headerTimeout: number;
  keepAliveTimeout: number;
  writeTimeout: number;
}
