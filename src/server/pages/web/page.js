// The page on which a person makes a meme. It sends the requests that any client sends; nothing here is needed to use
// the server. The state of the form is kept in the fragment of the URL, in the names of the HTTP interface.
import { ask } from './ask.js';
import { boxesOf, curlOf, EXTENSIONS, linkOf, markdownOf, queryOf, sentOf, textsOf } from './links.js';
import * as look from './look.js';
import * as texts from './texts.js';
import { element, folded, matches, stillOf, thumbnailOf, tileOf } from './tiles.js';

const TYPING = 150; // ms without a change before a picture is asked for
const TYPING_OWN = 400; // the same if the picture has to be sent each time
const QUIET = 1000; // ms without a change before a screen reader hears that the picture is new
const MOST_TILES = 200;
const FIELDS = '(?:top|middle|bottom)_text|captions\\[\\d+\\](?:\\.\\w+)?|font|size|(?:bar_)?color|outline|align|case|layout|width|format';
const SENTENCE_FIELD = new RegExp(`"(template|${FIELDS})"`);

const find = (id) => document.getElementById(id);
const form = find('maker');
const state = {
  templates: [], // of /templates?details, or only their names if that has not come yet
  asking: false, // whether they are being asked for
  detailed: false, // whether their details have come
  file: null, // a picture of the person's own
  thumbnail: '', // of that, as a URL
  blob: null, // the finished picture, unless the form has changed since
  still: matchMedia('(prefers-reduced-motion: reduce)').matches, // whether animations are shown as stills
};
document.documentElement.classList.add('js');

// ===== the form =====

const chosen = () => form.querySelector('[name=template]:checked');
// The picture to be captioned instead of a template, if that is what is chosen.
const own = () => (state.file && chosen() && chosen().value === '' ? state.file : null);

// What the form says, in the names of the interface. What is left as it was is not said.
const read = () => ({ ...look.read(), ...texts.read() });

function write(fields) {
  texts.write(fields);
  look.write(fields);
}

const templateOf = (fields) => state.templates.find(({ name }) => name === fields.template);
const formatOf = (fields) => {
  const template = templateOf(fields);
  return fields.format || (template && template.format) || 'jpeg';
};

const describe = (fields) => {
  const said = textsOf(fields).filter(Boolean);
  const picture = own() ? 'Your picture' : fields.template;
  return said.length ? `${picture}: ${said.join(' / ')}` : `${picture}, without text`;
};

const inFragment = () => new URLSearchParams(location.hash.slice(1));

function keep(fields) {
  const kept = new URLSearchParams(fields);
  if (own()) kept.set('own', '');
  try {
    history.replaceState(null, '', `#${kept}`);
  } catch (_) {
    // Browsers limit how often: the next change says the same.
  }
}

// ===== templates =====

// The tiles that match the search, and always the one that is chosen: `name`, or '' for the person's own picture.
function showTiles(name) {
  const words = folded(find('search').value).split(/\s+/).filter(Boolean);
  const matching = state.templates.filter((template) => matches(template, words));
  const shown = matching.slice(0, MOST_TILES);
  const current = state.templates.find((template) => template.name === name);
  if (current && !shown.includes(current)) shown.unshift(current);
  const tiles = shown.map((one) => tileOf(one.name, one.name, thumbnailOf(one), one.frames > 1));
  if (state.file) tiles.unshift(tileOf('Your picture', '', state.thumbnail, false));
  const focused = find('tiles').contains(document.activeElement);
  find('tiles').replaceChildren(...tiles);
  const radio = [...form.querySelectorAll('[name=template]')].find(({ value }) => value === name);
  if (radio) {
    radio.checked = true;
    // Into view, without moving the page.
    const { offsetLeft, offsetTop } = radio.parentNode;
    find('tiles').scrollTo(offsetLeft - 64, offsetTop - 64);
    if (focused) radio.focus();
  }
  const more = matching.length - MOST_TILES;
  find('found').textContent = matching.length === 0 ? 'No template matches.'
    : more > 0 ? `${more} more: search for them.`
      : words.length ? `${matching.length} of ${state.templates.length} match.` : '';
}

// Chooses a template by name; one that does not exist too, for the server's answer to say so.
function choose(name) {
  const known = (one) => state.templates.some((template) => template.name === one);
  const usual = known('cat') || !state.templates.length ? 'cat' : state.templates[0].name;
  if (name && !known(name)) state.templates.unshift({ name });
  showTiles(name || usual);
}

async function loadTemplates() {
  if (state.asking || state.detailed) return;
  state.asking = true;
  const list = (templates) => {
    state.templates = templates;
    if (own()) showTiles('');
    else choose(chosen() ? chosen().value : inFragment().get('template'));
    changed(0);
  };
  try {
    const details = await ask('/templates?details', {}, async (sentence) => {
      if (state.templates.length) return;
      trouble(sentence);
      // What a template is may have to wait for a thread that draws; the names never do.
      const names = await fetch('/templates').then((response) => response.json()).catch(() => []);
      if (names.length && !state.templates.length) list(names.map((name) => ({ name })));
    });
    state.detailed = true;
    list(await details.json());
  } catch (error) {
    // With the names, all else works: the next change asks again.
    if (state.templates.length) return;
    complain(error.message);
    find('again').hidden = false;
  } finally {
    state.asking = false;
  }
}

async function loadFonts() {
  const fonts = await (await ask('/fonts', {}, () => {})).json();
  const known = [...find('font').options].map(({ text }) => text);
  for (const name of fonts.filter((one) => !known.includes(one))) find('font').append(new Option(name));
}

// ===== drawing =====

let running = new AbortController(); // of the picture asked for last
let typing;
let quiet;
let afterDrawing = null; // what to do with the picture as soon as it is there

function changed(delay) {
  clearTimeout(typing);
  clearTimeout(quiet);
  state.blob = null;
  find('stage').classList.add('stale');
  typing = setTimeout(draw, delay);
}

// The field that a sentence of the server names.
function fieldOf(sentence) {
  const named = SENTENCE_FIELD.exec(sentence) || /^there is no (template|font)/.exec(sentence);
  if (named) return texts.fieldOf(named[1], boxesOf(read()));
  return own() && sentence.startsWith('the picture') ? 'template' : '';
}

// Says what is wrong, beside the field if the sentence names one.
function complain(sentence, field) {
  const place = field && find(`error-${field}`);
  const control = field && find(field);
  if (place) place.textContent = sentence;
  if (control) control.setAttribute('aria-invalid', 'true');
  if (control && control.closest('details')) control.closest('details').open = true;
  find('alarm').textContent = sentence;
  trouble(place ? 'Not drawn: see the message beside the field.' : sentence);
}

function trouble(sentence, again) {
  find('trouble-text').textContent = sentence;
  find('trouble').hidden = false;
  find('again').hidden = !again;
  find('state').hidden = true;
}

function settle() {
  for (const place of form.querySelectorAll('.error')) place.textContent = '';
  for (const control of form.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
  for (const id of ['trouble', 'state', 'warning']) find(id).hidden = true;
  find('alarm').textContent = '';
  find('result').classList.remove('refused');
}

// Asks for the picture that the form describes. The request in flight is aborted: the server notices that its client is
// gone, and stops drawing.
async function draw() {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const file = own();
  const template = templateOf(look.read());
  // Its details may not be known yet.
  texts.follow(file ? { frames: file.type === 'image/gif' ? 2 : 1 } : template && template.format ? template : undefined);
  const fields = read();
  loadTemplates();
  if (!file && !fields.template) return;
  keep(fields);
  const path = file ? `/caption?${queryOf(Object.entries(sentOf(fields)))}` : linkOf(fields, formatOf(fields));
  const options = file
    ? { method: 'POST', body: file, headers: { 'Content-Type': file.type || 'application/octet-stream' }, signal }
    : { priority: 'high', signal };
  showWays(path, fields);
  const slow = setTimeout(() => { find('state').hidden = false; }, 400);
  try {
    const response = await ask(path, options, (sentence) => {
      clearTimeout(slow);
      trouble(sentence);
      find('said').textContent = sentence;
    });
    await show(await response.blob(), response, fields, signal);
  } catch (error) {
    if (signal.aborted) return;
    settle();
    complain(error.message, fieldOf(error.message));
    find('again').hidden = error.final === true;
    find('result').classList.toggle('refused', error.final === true);
    afterDrawing = null;
  } finally {
    clearTimeout(slow);
  }
}

async function show(blob, response, fields, signal) {
  const template = own() ? undefined : templateOf(fields);
  const moves = blob.type === 'image/gif' && !(template && template.frames === 1);
  const source = URL.createObjectURL(moves && state.still ? await stillOf(blob, Infinity) : blob);
  const next = element('img', { src: source });
  await next.decode();
  if (signal.aborted) return URL.revokeObjectURL(source);
  settle();
  const picture = find('picture');
  URL.revokeObjectURL(picture.src);
  picture.src = source;
  picture.alt = describe(fields);
  find('stage').classList.remove('stale');
  find('motion').hidden = !moves;
  find('motion').textContent = state.still ? 'Play' : 'Pause';
  const kind = blob.type.replace('image/', '').toUpperCase();
  find('facts').textContent = `${next.naturalWidth} × ${next.naturalHeight}, ${kind}, ${Math.ceil(blob.size / 1000)} kB`;
  const warning = response.headers.get('Memed-Warning');
  find('warning').textContent = warning;
  find('warning').hidden = !warning;
  // The server redirects to the normal form of a link.
  if (response.redirected) showWays(response.url.slice(location.origin.length), fields);
  state.blob = blob;
  quiet = setTimeout(() => { find('said').textContent = `Picture updated. ${picture.alt}. ${warning || ''}`; }, QUIET);
  if (afterDrawing) afterDrawing();
  afterDrawing = null;
}

// ===== what to do with it =====

const nameOf = (fields, type) => {
  const stem = own() ? `${own().name.replace(/\.\w*$/, '') || 'picture'}-meme` : fields.template || 'meme';
  return `${stem.replace(/[\\/:*?"<>|\x00-\x1f]/g, '_')}.${EXTENSIONS[type.replace('image/', '')] || 'jpg'}`;
};

function showWays(path, fields) {
  const url = location.origin + path;
  const file = own();
  for (const id of ['link', 'markdown']) find(id).parentNode.hidden = Boolean(file);
  find('unlinked').hidden = !file;
  find('link').value = url;
  find('markdown').value = markdownOf(describe(fields), url);
  const name = nameOf(fields, file ? fields.format || file.type : formatOf(fields));
  find('curl').value = curlOf(url, name, file ? file.name : undefined);
}

async function copy(field, button) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch (_) {
    // Only pages of https and of localhost have a clipboard.
    field.select();
    document.execCommand('copy');
    button.focus();
  }
  find('said').textContent = `Copied: ${button.getAttribute('aria-label').replace('Copy the ', '')}`;
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
}

// Now, or as soon as the picture has followed the form.
function withPicture(act) {
  if (state.blob) act();
  else afterDrawing = act;
}

function download() {
  const source = URL.createObjectURL(state.blob);
  element('a', { href: source, download: nameOf(read(), state.blob.type) }).click();
  setTimeout(() => URL.revokeObjectURL(source), 60000);
}

async function share() {
  const file = new File([state.blob], nameOf(read(), state.blob.type), { type: state.blob.type });
  const what = navigator.canShare && navigator.canShare({ files: [file] }) ? { files: [file] } : { url: find('link').value };
  await navigator.share(what).catch(() => {});
}

// ===== a picture of one's own =====

async function use(file) {
  if (!file) return;
  state.file = file;
  // What the browser cannot decode, the server may refuse in its own words.
  const still = await stillOf(file, 240).catch(() => null);
  if (state.file !== file) return;
  URL.revokeObjectURL(state.thumbnail);
  state.thumbnail = still ? URL.createObjectURL(still) : '';
  find('search').value = '';
  find('again-own').hidden = true;
  showTiles('');
  changed(0);
}

const holdsFile = (transfer) => transfer && [...transfer.types].includes('Files');

// ===== what happens =====

form.addEventListener('input', ({ target }) => {
  if (target.id === 'search') return showTiles(chosen() ? chosen().value : '');
  if (target.id === 'file') return undefined;
  return changed(own() ? TYPING_OWN : TYPING);
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  changed(0);
});
find('file').addEventListener('change', ({ target }) => {
  use(target.files[0]);
  target.value = ''; // so that the same file can be chosen again
});
find('again').addEventListener('click', () => changed(0));
find('download').addEventListener('click', () => withPicture(download));
find('share').addEventListener('click', () => withPicture(share));
find('motion').addEventListener('click', () => {
  state.still = !state.still;
  changed(0);
});
for (const button of document.querySelectorAll('[data-copies]')) {
  button.addEventListener('click', () => copy(find(button.dataset.copies), button));
}
document.addEventListener('dragover', (event) => {
  if (!holdsFile(event.dataTransfer)) return;
  event.preventDefault();
  find('drop').hidden = false;
});
document.addEventListener('dragleave', ({ relatedTarget }) => { find('drop').hidden = !relatedTarget; });
document.addEventListener('drop', (event) => {
  find('drop').hidden = true;
  if (!holdsFile(event.dataTransfer)) return;
  event.preventDefault();
  use(event.dataTransfer.files[0]);
});
document.addEventListener('paste', (event) => {
  // Text that comes with a picture of itself is text, where text is typed.
  if (event.target.matches('textarea, input') && event.clipboardData.getData('text/plain')) return;
  const file = [...event.clipboardData.files].find(({ type }) => type.startsWith('image/'));
  if (!file) return;
  event.preventDefault();
  use(file);
});
addEventListener('hashchange', () => {
  write(inFragment());
  if (state.templates.length) choose(inFragment().get('template'));
  changed(0);
});

find('plain').remove();
find('submit').remove();
for (const id of ['search-bar', 'tiles', 'outlined-label', 'layout-part', 'result']) find(id).hidden = false;
find('share').hidden = !navigator.share;
look.start(() => changed(0));
texts.start(() => {
  look.showParts();
  changed(own() ? TYPING_OWN : TYPING);
}, (sentence) => { find('said').textContent = sentence; });
write(inFragment());
if (inFragment().has('own')) find('again-own').hidden = false;
loadTemplates();
loadFonts().catch(() => {});
