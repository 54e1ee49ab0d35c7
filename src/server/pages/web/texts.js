// The texts: in three bands of the picture, in the places that the template has for them, or in boxes that are placed freely.
import { numbersOf, overlayOf, resized, within } from './boxes.js';
import { BANDS } from './links.js';
import { element } from './tiles.js';

const MOST = 16; // texts
const MARGIN = 0.025; // of the text from the edge, relative to the shorter side; see src/captioner/text/layout.rs
const SHARE = [0.27, 0.27, 0.26]; // of the height that a band has, by how many there are
const SIDES = ['left', 'top', 'width', 'height'];
const WORDS = ['valign', 'padding', 'from', 'to']; // what else is said of a box, perhaps

const find = (id) => document.getElementById(id);
const state = {
  list: [], // the texts, unless they are in bands
  spare: [], // those for which the template has no place
  places: [], // what the template has for its texts, if they are not in bands: boxes, or nothing while these are unknown
  examples: [], // of texts for the template
  boxes: null, // where the texts are, if they are placed freely
  left: null, // what was when that ended
  current: 0, // the box whose numbers are shown
};
let overlay;
let changed; // called when the picture is not that of the texts any more
let said; // called with what a screen reader is to say

const inBands = () => !state.boxes && !state.places.length;
const decimals = (number) => String(Math.round(number * 1000) / 1000);
const trimmed = (texts) => texts.slice(0, texts.findLastIndex((text) => text.trim()) + 1);

// All texts, from the first one to the last.
function all() {
  if (!inBands()) return [...state.list, ...state.spare];
  const [top, middle, bottom] = BANDS.map((band) => find(`${band}_text`).value);
  if (middle.trim()) return [top, middle, bottom, ...state.spare];
  return state.spare.length ? [top, bottom, ...state.spare] : trimmed([top, bottom]);
}

// Puts texts where they belong now.
function put(texts) {
  const count = inBands() ? BANDS.length : (state.boxes || state.places).length;
  state.spare = texts.slice(count);
  state.list = Array.from({ length: count }, (_, number) => texts[number] || '');
  if (inBands()) {
    const [first, second, third] = state.list;
    const bands = texts.length > 2 ? [first, second, third] : [first, '', second];
    BANDS.forEach((band, at) => { find(`${band}_text`).value = bands[at]; });
  }
  render();
}

// The boxes that the texts begin with when they are to be placed freely.
function beginning() {
  const { naturalWidth: width = 1, naturalHeight: height = 1 } = find('picture');
  const margin = MARGIN * Math.min(width, height);
  const [left, top] = [margin / width || 0, margin / height || 0];
  const band = (valign, many) => {
    const share = SHARE[many - 1];
    const start = { top, middle: (1 - share) / 2, bottom: 1 - share - top }[valign];
    return within({ left, top: start, width: 1 - 2 * left, height: share, angle: 0, valign });
  };
  if (!inBands() && state.places.every(Boolean)) {
    return state.places.map((place) => within({ angle: 0, ...place, padding: place.padding && decimals(place.padding) }));
  }
  const count = !inBands() ? state.places.length : find('middle_text').value.trim() ? 3 : 2;
  // More than there are bands stand one below the other.
  if (count > BANDS.length) {
    const height = 1 / count;
    return state.places.map((_, number) => within({ left, top: number * height, width: 1 - 2 * left, height, angle: 0 }));
  }
  const bands = count === 3 ? BANDS : ['top', 'bottom'].slice(0, count);
  return bands.map((valign) => band(valign, count));
}

function place(freely) {
  const texts = all();
  if (freely) {
    const again = state.left && JSON.stringify(trimmed(texts)) === state.left.texts;
    state.boxes = again ? state.left.boxes : beginning();
    state.current = 0;
  } else {
    state.left = { texts: JSON.stringify(trimmed(texts)), boxes: state.boxes };
    state.boxes = null;
  }
  put(texts);
}

// ===== what is shown =====

function row(number) {
  const id = `text-${number}`;
  const field = element('textarea', { id, rows: 1, value: state.list[number], placeholder: state.examples[number] || '' });
  field.setAttribute('aria-describedby', `error-${id}`);
  field.addEventListener('input', () => {
    state.list[number] = field.value;
    showBoxes();
  });
  field.addEventListener('focus', () => choose(number));
  const line = element('span', { className: 'row' });
  line.append(field);
  if (state.boxes) {
    const remove = element('button', { type: 'button', textContent: '×', disabled: state.boxes.length === 1 });
    remove.setAttribute('aria-label', `Remove text ${number + 1}`);
    remove.addEventListener('click', () => drop(number));
    line.append(remove);
  }
  const paragraph = element('p', {});
  paragraph.append(element('label', { htmlFor: id, textContent: `Text ${number + 1}` }), line);
  return [paragraph, element('p', { id: `error-${id}`, className: 'error' })];
}

function showBoxes() {
  overlay.show(state.boxes, state.list, state.current);
  const box = state.boxes && state.boxes[state.current];
  find('numbers').hidden = !box;
  if (!box) return;
  find('numbers-of').textContent = `Box of text ${state.current + 1}`;
  const set = (id, value) => {
    const field = find(id);
    if (field !== document.activeElement) field.value = value;
  };
  for (const side of SIDES) set(`box-${side}`, Math.round(box[side] * 1000) / 10);
  set('box-angle', box.angle);
  set('box-valign', box.valign || 'middle');
  for (const moment of ['from', 'to']) set(`box-${moment}`, box[moment] || '');
}

function render() {
  const bands = inBands();
  find('bands').hidden = !bands;
  find('bands').disabled = !bands; // what is disabled is not sent
  find('list').replaceChildren(...(bands ? [] : state.list.flatMap((_, number) => row(number))));
  find('free').setAttribute('aria-pressed', String(Boolean(state.boxes)));
  for (const id of ['add', 'keys']) find(id).hidden = !state.boxes;
  find('add').disabled = state.boxes && state.boxes.length >= MOST;
  for (const one of document.querySelectorAll('[data-unless=free]')) one.hidden = Boolean(state.boxes);
  showBoxes();
}

function choose(number) {
  if (!state.boxes || number === state.current) return;
  state.current = number;
  // The numbers are those of another box now, also of the field that has the focus.
  showBoxes();
}

function add() {
  const shift = 0.05 * (state.boxes.length % 8);
  state.boxes.push(within({ left: 0.2 + shift / 2, top: 0.2 + shift, width: 0.5, height: 0.2, angle: 0 }));
  state.list.push('');
  state.current = state.boxes.length - 1;
  render();
  find(`text-${state.current}`).focus();
  changed();
}

function drop(number) {
  state.boxes.splice(number, 1);
  state.list.splice(number, 1);
  state.current = Math.min(number, state.boxes.length - 1);
  render();
  find(`text-${state.current}`).focus();
  said(`Text ${number + 1} is removed.`);
  changed();
}

function typed({ target }) {
  const box = state.boxes[state.current];
  const name = target.id.replace('box-', '');
  const number = target.valueAsNumber;
  if (WORDS.includes(name)) box[name] = target.value.trim();
  else if (!Number.isFinite(number)) return;
  else if (name === 'angle') Object.assign(box, within({ ...box, angle: number }));
  else if (name === 'left' || name === 'top') Object.assign(box, within({ ...box, [name]: number / 100 }));
  else {
    const { width, height } = { ...box, [name]: number / 100 };
    Object.assign(box, resized(box, width, height));
  }
  showBoxes();
}

// ===== for the page =====

// Makes the fields work. The form hears of what is typed by itself; `onChange` is called for all else.
export function start(onChange, onSaid) {
  [changed, said] = [onChange, onSaid];
  const focused = () => document.activeElement && document.activeElement.closest('#numbers');
  overlay = overlayOf(find('stage'), find('picture'), {
    changed(number, box) {
      state.boxes[number] = box;
      state.current = number;
      if (!focused()) showBoxes();
      changed();
    },
    chosen: choose,
    rested: (number) => state.boxes && state.boxes[number] && said(`Text ${number + 1}: ${numbersOf(state.boxes[number])}.`),
  });
  find('placing').hidden = false;
  find('free').addEventListener('click', () => {
    place(!state.boxes);
    changed();
  });
  find('add').addEventListener('click', add);
  find('numbers').addEventListener('input', typed);
  // What was typed becomes what the picture allows.
  find('numbers').addEventListener('focusout', () => setTimeout(showBoxes));
  render();
}

// What the fields say, in the names of the interface.
export function read() {
  const fields = {};
  const say = (name, text) => { fields[name] = text.toWellFormed ? text.toWellFormed() : text; };
  if (!state.boxes) trimmed(state.list).forEach((text, number) => inBands() || say(`captions[${number}]`, text));
  (state.boxes || []).forEach((box, number) => {
    const of = (name) => `captions[${number}][${name}]`;
    say(of('text'), state.list[number]);
    for (const side of SIDES) fields[of(side)] = String(box[side]);
    if (box.angle) fields[of('angle')] = String(box.angle);
    for (const word of WORDS) if (box[word] && box[word] !== 'middle') fields[of(word)] = box[word];
  });
  return fields;
}

// The contrary, from the parameters of a fragment.
export function write(fields) {
  Object.assign(state, { boxes: null, left: null, spare: [], current: 0 });
  const texts = (suffix) => {
    const found = Array.from({ length: MOST }, (_, number) => fields.get(`captions[${number}]${suffix}`));
    return found.slice(0, found.indexOf(null) < 0 ? MOST : found.indexOf(null));
  };
  const [placed, numbered] = [texts('[text]'), texts('')];
  if (placed.length) {
    state.boxes = placed.map((_, number) => {
      const of = (name) => fields.get(`captions[${number}][${name}]`) || '';
      const shareOf = (name, otherwise) => (Number.isFinite(parseFloat(of(name))) ? parseFloat(of(name)) : otherwise);
      const [left, top] = [shareOf('left', 0), shareOf('top', 0)];
      const words = Object.fromEntries(WORDS.map((word) => [word, of(word)]));
      const [width, height] = [shareOf('width', 1 - left), shareOf('height', 1 - top)];
      return within({ left, top, width, height, angle: shareOf('angle', 0), ...words });
    });
    put(placed);
  } else if (numbered.length) {
    if (state.places.length < numbered.length) state.places = numbered.map(() => null);
    put(numbered);
  } else if (inBands()) {
    for (const band of BANDS) find(`${band}_text`).value = fields.get(`${band}_text`) || '';
    render();
  } else {
    const [top, middle, bottom] = BANDS.map((band) => fields.get(`${band}_text`) || '');
    put(middle ? [top, middle, bottom] : [top, bottom]);
  }
}

// Lets the texts be where a template has places for them: nothing for one that is not known yet, which changes nothing.
export function follow(template) {
  if (!template) return;
  const { boxes: places = [], example: examples = [] } = template;
  const isSame = JSON.stringify([places, examples]) === JSON.stringify([state.places, state.examples]);
  find('times').hidden = !(template.frames > 1);
  if (isSame) return;
  const texts = all();
  Object.assign(state, { places, examples, left: null });
  if (state.boxes) render();
  else put(texts);
}

// The field that the server means: by the number of a text among those that were sent, or by the name of a band.
export function fieldOf(name, numbers) {
  const [, number, part] = /^captions\[(\d+)\](?:\.(\w+))?/.exec(name) || [];
  if (number !== undefined && state.boxes && ['from', 'to'].includes(part)) {
    choose(numbers[number]); // its numbers are those that are shown
    return `box-${part}`;
  }
  if (number !== undefined) return `text-${state.boxes ? numbers[number] : number}`;
  const band = BANDS.findIndex((one) => name === `${one}_text`);
  if (band < 0 || inBands()) return name;
  const count = trimmed(state.list).length;
  return `text-${band === 2 && count < 3 ? count - 1 : band}`;
}
