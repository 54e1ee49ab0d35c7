// Asks memed for a picture: node caption.mjs URL TEMPLATE TEXT FILE
import { writeFile } from 'node:fs/promises';

/** The bytes of the picture. A page can do the same: memed lets pages of any origin ask. */
export async function caption(url, request, tries = 3) {
  const answer = await fetch(`${url}/caption`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
    // A request that is aborted, by this or by your own signal, is not drawn to its end.
    signal: AbortSignal.timeout(30_000),
  });
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  if (answer.status === 503 && tries > 1) {
    const seconds = Number(answer.headers.get('Retry-After')) || 1;
    await answer.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return caption(url, request, tries - 1);
  }
  // A proxy in between may answer with something else than memed's JSON.
  const said = await answer.json().catch(() => ({ error: answer.statusText }));
  throw new Error(`${answer.status}: ${said.error}`);
}

const [url, template, text, file] = process.argv.slice(2);
try {
  await writeFile(file, await caption(url, { template, top_text: text }));
} catch (error) {
  console.error(`caption.mjs: ${error.message}`);
  process.exitCode = 1;
}
