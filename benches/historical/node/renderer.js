/** Limits how many requests draw at a time, and how many more wait. */

/** @typedef {import("./captioner.js").Answer} Answer */
/** @typedef {import("./captioner.js").Job} Job */

export class QueueIsFull extends Error {}

export class Renderer {
  #free;
  #queue;
  /** In the order in which they came: each calls what `#turn` waits for. @type {Set<() => void>} */
  #waiting = new Set();

  /**
   * @param {number} threads that may draw at a time; libuv's pool must have as many
   * @param {number} queue how many requests may wait for one
   */
  constructor(threads, queue) {
    this.#free = threads;
    this.#queue = queue;
  }

  /**
   * Does a job in libuv's pool. A job that waits when it is given up never starts; one that is being drawn is cancelled,
   * and keeps its thread until it has stopped.
   *
   * @param {Job} job
   * @param {AbortSignal} signal gives it up
   * @returns {Promise<Answer>}
   * @throws {QueueIsFull} at once, if nothing more may wait
   * @throws the signal's reason
   */
  async draw(job, signal) {
    if (this.#free > 0) {
      this.#free--;
    } else if (this.#waiting.size < this.#queue) {
      await this.#turn(signal);
    } else {
      throw new QueueIsFull();
    }
    const cancel = () => job.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const answer = await job.draw();
      signal.throwIfAborted();
      return answer;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#passOn();
    }
  }

  /** Waits for a thread, which is this request's when it resolves. @param {AbortSignal} signal */
  #turn(signal) {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.delete(start);
        reject(signal.reason);
      };
      const start = () => {
        signal.removeEventListener("abort", giveUp);
        resolve(undefined);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(start);
    });
  }

  /** Gives a thread to the one that waits longest. */
  #passOn() {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
