// Requests to the server, which may be busy.

export const TRIES = 6; // of a request that a busy server refuses

export class Refusal extends Error {
  // `final`: asking the same again gives the same answer.
  constructor(sentence, final) {
    super(sentence);
    this.final = final;
  }
}

const pause = (ms, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  if (signal) signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); });
});

const sentenceOf = async (response) => {
  try {
    return (await response.json()).error;
  } catch (_) {
    return `The server answered with status ${response.status}.`;
  }
};

// A busy server is asked again, as often as TRIES says and no sooner than it says. `onWait(sentence)` is called
// before each pause.
export async function ask(url, options, onWait) {
  for (let tries = 1; ; tries += 1) {
    let sentence = 'The server cannot be reached';
    let why = sentence;
    let seconds = 2 ** Math.min(tries - 1, 3);
    try {
      const response = await fetch(url, options);
      if (response.ok) return response;
      sentence = await sentenceOf(response);
      if (response.status !== 503 && response.status !== 504) throw new Refusal(sentence, response.status < 500);
      why = `The server is busy: ${sentence}`;
      seconds = Math.max(seconds, Number(response.headers.get('Retry-After')) || 0);
    } catch (error) {
      if (error.name === 'AbortError' || error instanceof Refusal) throw error;
    }
    if (tries >= TRIES) throw new Refusal(sentence, false);
    onWait(`${why}. Trying again in ${seconds} s…`);
    // Not all pages at the same moment.
    await pause(seconds * 1000 * (1 + Math.random() / 4), options.signal);
  }
}
