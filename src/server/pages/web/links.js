// What can be copied: links to a picture, in the normal form of the server, and what is made of them. Pure functions.

export const EXTENSIONS = { jpeg: 'jpg', png: 'png', gif: 'gif' };
const ESCAPES = {
  '?': '~q', '&': '~a', '%': '~p', '#': '~h', '/': '~s', '\\': '~b', '\n': '~n', '<': '~l', '>': '~g', '"': "''",
  '_': '__', '-': '--',
};
const IN_LINKS = ['width', 'height', 'font', 'color', 'outline', 'size']; // what /images/… takes in its query

const percent = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
export const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, percent);
export const queryOf = (pairs) => pairs.map(([name, value]) => `${name}=${encode(value)}`).join('&');

// A text as a segment of a path, or null if no segment means it. From its end: a space is `-` where `_` would make a
// pair with what follows it.
function segmentOf(text) {
  if (text === '') return '_';
  // Two apostrophes would be a quotation mark, and these letters after a tilde something else. No URL keeps a dot alone.
  if (/'['"]|~[qaphsbnlg]/.test(text) || /^\.\.?$/.test(text)) return null;
  let segment = '';
  for (const character of Array.from(text).reverse()) {
    if (character === ' ') segment = (segment.startsWith('_') ? '-' : '_') + segment;
    else segment = (ESCAPES[character] || encode(character)) + segment;
  }
  return segment;
}

// The URL of the picture, without the origin: a link that reads well if that can say all, else one with a query.
export function pathOf(fields, format) {
  const { top_text: top = '', middle_text: middle = '', bottom_text: bottom = '' } = fields;
  const texts = middle ? [top, middle, bottom] : bottom ? [top, bottom] : top ? [top] : [];
  const segments = [/^\.\.?$/.test(fields.template) ? null : encode(fields.template), ...texts.map(segmentOf)];
  const extension = EXTENSIONS[format];
  if (fields.align || segments.includes(null)) {
    const pairs = Object.entries(fields).filter(([name]) => name !== 'format');
    return `/caption.${extension}?${queryOf(pairs)}`;
  }
  const query = queryOf(IN_LINKS.filter((name) => name in fields).map((name) => [name, fields[name]]));
  return `/images/${segments.join('/')}.${extension}${query && '?'}${query}`;
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
