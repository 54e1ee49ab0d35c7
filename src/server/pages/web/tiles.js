// The tiles of the templates: each a radio button with a thumbnail; and stills of what would move.
import { TRIES } from './ask.js';
import { encode } from './links.js';

// As the server compares what is searched for.
export const folded = (text) => text.normalize().toLowerCase().normalize();

// Whether a template has all of these words, folded, in its name or keywords.
export const matches = (template, words) => {
  const text = folded([template.name, ...(template.keywords || [])].join(' '));
  return words.every((word) => text.includes(word));
};

// Nothing moves unasked: the thumbnail of an animation is a still.
export const thumbnailOf = ({ name, frames, thumbnail = `/images/${encode(name)}.jpg?width=240` }) => (
  frames > 1 ? thumbnail.replace(/\.gif(?=\?|$)/, '.jpg') : thumbnail);

export const element = (tag, properties) => Object.assign(document.createElement(tag), properties);

// `source` is the URL of the thumbnail, which a busy server may refuse at first.
export function tileOf(name, value, source, moves) {
  const tile = element('label', { className: 'tile' });
  const picture = element('img', { alt: '', loading: 'lazy', decoding: 'async', width: 120, height: 72 });
  let tries = 1;
  picture.addEventListener('error', () => {
    picture.removeAttribute('src'); // rather an empty tile than a sign of a broken picture
    const wait = 1000 * 2 ** Math.min(tries - 1, 3) * (1 + Math.random() / 2);
    if (tries < TRIES) setTimeout(() => { picture.src = source; }, wait);
    tries += 1;
  });
  if (source) picture.src = source;
  tile.append(
    element('input', { type: 'radio', name: 'template', value }),
    picture,
    element('span', { className: 'name', textContent: name, title: name }),
  );
  if (moves) tile.append(element('span', { className: 'moves', textContent: 'GIF' }));
  return tile;
}

// A picture that the browser can decode, or the first frame of it, with sides of up to `most` pixels.
export async function stillOf(blob, most) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const canvas = element('canvas', { width: Math.ceil(bitmap.width * scale), height: Math.ceil(bitmap.height * scale) });
  canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => { canvas.toBlob(resolve); });
}
