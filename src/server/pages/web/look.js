// How texts look, and what else is asked of the picture. What the person has not set is not said: a template may have a look
// of its own.
const find = (id) => document.getElementById(id);
const SELECTS = ['font', 'size', 'case', 'format'];
const COLORS = { color: '#ffffff', outline: '#000000', bar_color: '#ffffff' }; // and what is shown if nothing is said
const OF_LOOK = ['align', 'font', 'color', 'outline', 'size', 'case', 'layout'];
const ALIGNS = ['left', 'center', 'right'];
const form = find('maker');
const set = new Set(); // the colors that the person has chosen

// `value` need not be one of those that can be chosen: the server says what it means.
function select(name, value) {
  const control = find(name);
  control.value = value;
  if (control.value !== value) control.append(new Option(value, value, true, true));
}

export function showParts() {
  find('outline').disabled = !find('outlined').checked;
  find('bar-part').hidden = !find('layout').value || find('layout-part').hidden;
  const fields = read();
  find('reset').hidden = !OF_LOOK.some((name) => name in fields);
}

// What the form says, in the names of the interface.
export function read() {
  const fields = {};
  for (const [name, value] of new FormData(form)) {
    const text = (value.toWellFormed ? value.toWellFormed() : value).replace(/\r\n?/g, '\n');
    if (text.trim() !== '' && !(name in COLORS)) fields[name] = text;
  }
  for (const name of set) fields[name] = find(name).value.replace('#', '');
  if (!find('outlined').checked) fields.outline = 'none';
  const side = find('layout-part').hidden ? '' : find('layout').value;
  if (side) Object.assign(fields, { layout: 'bar', bar: side });
  else delete fields.bar_color;
  return fields;
}

export function write(fields) {
  for (const name of SELECTS) select(name, fields.get(name) || '');
  find('width').value = fields.get('width') || '';
  const align = ALIGNS.includes(fields.get('align')) ? fields.get('align') : '';
  form.querySelector(`[name=align][value="${align}"]`).checked = true;
  find('outlined').checked = fields.get('outline') !== 'none';
  select('layout', fields.get('layout') === 'bar' ? fields.get('bar') || 'top' : '');
  set.clear();
  for (const [name, usual] of Object.entries(COLORS)) {
    const isSaid = /^[0-9a-f]{6}$/i.test(fields.get(name));
    if (isSaid) set.add(name);
    find(name).value = isSaid ? `#${fields.get(name)}` : usual;
  }
  form.querySelector('details').open = fields.has('width') || fields.has('format');
  showParts();
}

// Makes the controls work, which without JavaScript are plain ones. `changed` is called when the form does not hear of it.
export function start(changed) {
  // What the service has for templates without a look of their own.
  for (const [name, value] of [['font', 'Anton'], ['size', 'fit']]) {
    find(name).options[0].value = value;
    find(name).prepend(new Option('Default', '', true, true));
  }
  form.addEventListener('input', ({ target }) => {
    if (target.id in COLORS) set.add(target.id);
    showParts();
  });
  find('reset').addEventListener('click', () => {
    const kept = new Map(['width', 'format'].map((name) => [name, find(name).value]).filter(([, value]) => value));
    write(kept);
    find('font').focus();
    changed();
  });
}
