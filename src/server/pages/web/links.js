// What can be copied: links to a picture, in the normal form of the server, and what is made of them. Pure functions.

export const EXTENSIONS = { jpeg: 'jpg', png: 'png', gif: 'gif' };
const ESCAPES = {
  '?': '~q', '&': '~a', '%': '~p', '#': '~h', '/': '~s', '\\': '~b', '\n': '~n', '<': '~l', '>': '~g',
};
// What a link can say besides its texts, in the order in which it has them: of the picture, and of how texts look.
const OF_PICTURE = ['width', 'height', 'layout', 'bar', 'bar_color'];
const OF_LOOK = ['align', 'font', 'color', 'outline', 'size', 'case', 'lang', 'from', 'to'];
export const OPTIONS = [...OF_PICTURE, ...OF_LOOK];
// What a bar is if nothing is said: it is not said, either. How texts look if nothing is said is for the template to know.
const USUAL = { layout: 'over', bar: 'top', bar_color: 'ffffff' };
export const BANDS = ['top', 'middle', 'bottom'];

const percent = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
export const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, percent);
// Brackets too are escaped, since programs that look for URLs in a text may end one there.
export const queryOf = (pairs) => pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
// A path may have more characters as they are. A parenthesis would end a link in Markdown.
const encodeSegment = (segment) => (
  encodeURIComponent(segment).replace(/[()]/g, percent).replace(/%(?:24|2[6BC]|3[ABD]|40)/g, decodeURIComponent));

// A text as a segment of a path: see src/image_macro/escapes.rs, which has the reasons for each case.
function segmentOf(text) {
  if (text === '') return '_';
  if (text === ' ') return '-';
  if (/^~*\.\.?$/.test(text)) return `~${text}`;
  let segment = '';
  let last = '';
  const characters = Array.from(text);
  characters.forEach((one, at) => {
    if (one === ' ' && !segment.endsWith('_')) segment += '_';
    else if (one === ' ' && characters[at + 1] !== '-') segment += '-';
    else if (one === '_' || one === '-') segment += one + one;
    else if (one === "'" && (last === "'" || last === '"')) segment += "~'";
    else if (one === '"' && last !== "'" && last !== '~') segment += "''";
    else if (last === '~' && /[qaphsbnlg']/.test(one)) segment += `~${one}`;
    else if (last !== '~' && one in ESCAPES) segment += ESCAPES[one];
    else segment += one;
    last = one;
  });
  return segment;
}

// A text as it is drawn. One that is blank is none.
const drawn = (text = '') => (
  text.replace(/\r\n?/g, '\n').replace(/[^\P{Cc}\n]/gu, ' ').normalize().replace(/^\s+$/, ''));

// A value as the server writes it, if it is one.
function valueOf(name, written) {
  const value = written.trim().normalize();
  const word = value.toLowerCase();
  if (name === 'font') return value;
  if (name === 'lang') return word.replace(/[-_](.*)/, (_, region) => `-${region.toUpperCase()}`);
  if (name === 'size' && word === 'flex') return 'shrink';
  if (/color|outline/.test(name)) return word.replace(/^#/, '').replace(/^([0-9a-f])([0-9a-f])([0-9a-f])$/, '$1$1$2$2$3$3');
  if (/width|height|size|from|to/.test(name)) {
    const [, number, unit] = /^\+?(\d{1,9}|\d{0,9}\.\d{1,6})(s?|%)$/.exec(word) || [];
    return number ? Number(number) + unit.replace('s', '') : word;
  }
  return word;
}

// The texts that some fields have, from the first one to the last, blank ones too. Fields name their texts in one of three
// ways: `top_text`; `captions[0]`, a text for which the template has a place; `captions[0][text]`, a text with a box.
export function textsOf(fields) {
  const bands = BANDS.map((band) => drawn(fields[`${band}_text`]));
  if (bands.join('')) return bands[1] ? bands : [bands[0], bands[2]];
  return Object.keys(fields).filter((name) => /^captions\[\d+\](\[text\])?$/.test(name)).map((name) => drawn(fields[name]));
}

// The number of the box that a field is about, as it is written.
const boxOf = (name) => (/^captions\[(\d+)\]\[/.exec(name) || [])[1];

// The numbers of the boxes that have a text: the server draws no others.
export const boxesOf = (fields) => [...new Set(Object.keys(fields).map(boxOf))].filter(
  (number) => number && drawn(fields[`captions[${number}][text]`]));

// What is sent of some fields: boxes without a text are left out, so the others have new numbers.
export function sentOf(fields) {
  const kept = boxesOf(fields);
  const names = Object.keys(fields).filter((name) => !boxOf(name) || kept.includes(boxOf(name)));
  return Object.fromEntries(names.map((name) => [
    boxOf(name) ? name.replace(/\d+/, (number) => kept.indexOf(number)) : name, fields[name],
  ]));
}

// The path and query of a picture, without the origin. With boxes they are those of a request. Otherwise they are a link in
// the normal form of the server: see src/image_macro/normal.rs. Each option is about all texts.
export function linkOf(fields, format) {
  const template = fields.template.trim().normalize();
  if (boxesOf(fields).length) {
    const pairs = Object.entries({ ...sentOf(fields), template }).filter(([name]) => name !== 'format');
    return `/caption.${EXTENSIONS[format]}?${queryOf(pairs)}`;
  }
  const texts = textsOf(fields);
  // The second one of three texts is in the middle, where the template has no other place for it; of two it is below.
  while (texts.length && !texts.at(-1) && (texts.length !== 3 || !texts[1])) texts.pop();
  const path = [template, ...texts.map(segmentOf)].map(encodeSegment).join('/');
  const names = (texts.some(Boolean) ? OPTIONS : OF_PICTURE).filter((name) => name in fields);
  const pairs = names.map((name) => [name, valueOf(name, fields[name])]).filter(([name, value]) => value !== USUAL[name]);
  const query = queryOf(pairs);
  return `/images/${path}.${EXTENSIONS[format]}${query && '?'}${query}`;
}

// A text that Markdown takes as it is.
const escaped = (text) => text.replace(/\s+/g, ' ').replace(/[\\[\]`<>*_!]/g, '\\$&');

export const markdownOf = (description, url) => `![${escaped(description)}](${url})`;

// A word as a shell reads it.
const quoted = (word) => (/^[\w./:=@-]+$/.test(word) ? word : `'${word.replace(/'/g, "'\\''")}'`);
// A file that no program takes for an option or for another one's name.
const asFile = (name) => (/^[-@]/.test(name) ? `./${name}` : name);

// The command that saves the picture as `name`; `upload` is the name of the file to be captioned, if there is one.
export function curlOf(url, name, upload) {
  const body = upload === undefined ? [] : ['--data-binary', `@${asFile(upload)}`];
  return ['curl', '-o', asFile(name), ...body, url].map(quoted).join(' ');
}
