// What can be copied: links to a picture, in the normal form of the server, and what is made of them. Pure functions.

export const EXTENSIONS = { jpeg: 'jpg', png: 'png', gif: 'gif' };
const ESCAPES = {
  '?': '~q', '&': '~a', '%': '~p', '#': '~h', '/': '~s', '\\': '~b', '\n': '~n', '<': '~l', '>': '~g',
};
// What holds for a text of which nothing is said, in the order in which a link has the fields.
const USUAL = { align: 'center', font: 'Anton', color: 'ffffff', outline: '000000', size: 'fit' };

const percent = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
export const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, percent);
export const queryOf = (pairs) => pairs.map(([name, value]) => `${name}=${encode(value)}`).join('&');
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
const drawn = (text = '') => text.replace(/[^\P{Cc}\n]/gu, ' ').normalize().replace(/^\s+$/, '');

// A value as the server writes it, if it is one.
function valueOf(name, written) {
  const value = written.trim().normalize();
  const word = value.toLowerCase();
  if (name === 'font') return value;
  if (name === 'size' && word === 'flex') return 'shrink';
  if (name === 'size' || name === 'width' || name === 'height') {
    const number = name === 'size' ? /^\+?(\d{1,9}|\d{0,9}\.\d{1,6})$/ : /^\+?\d{1,9}$/;
    return number.test(word) ? String(Number(word)) : word;
  }
  return word;
}

// The link to a picture, without the origin, in the normal form of the server: see src/image_macro/normal.rs. All texts look
// the same here, so each field is about all of them.
export function linkOf(fields, format) {
  const [top, middle, bottom] = [fields.top_text, fields.middle_text, fields.bottom_text].map(drawn);
  const texts = middle ? [top, middle, bottom] : bottom ? [top, bottom] : top ? [top] : [];
  const path = [fields.template.trim().normalize(), ...texts.map(segmentOf)].map(encodeSegment).join('/');
  const look = texts.length ? Object.keys(USUAL) : [];
  const pairs = ['width', 'height', ...look].filter((name) => name in fields).map((name) => [name, valueOf(name, fields[name])]);
  const query = queryOf(pairs.filter(([name, value]) => value !== USUAL[name]));
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
