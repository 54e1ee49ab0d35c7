// The boxes that texts stand in, over the preview: they are moved, resized and turned by mouse, touch and keys. A box is
// { left, top, width, height, angle }: shares of the picture, and degrees clockwise about its center.
import { element } from './tiles.js';

const LEAST = 0.02; // of a side
const STEP = 0.01; // of a key
const CORNERS = ['nw', 'ne', 'sw', 'se'];
const TURNS = { '[': -1, ']': 1, '{': -15, '}': 15 };
const ALT_TURNS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -15, ArrowRight: 15 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

// The box in the picture that is nearest to one, in the numbers that links have: three decimals, and whole degrees.
export function within(box) {
  const side = (start, length) => {
    const long = clamp(Math.round(length * 1000), LEAST * 1000, 1000);
    return [clamp(Math.round(start * 1000), 0, 1000 - long) / 1000, long / 1000];
  };
  const [left, width] = side(box.left, box.width);
  const [top, height] = side(box.top, box.height);
  const angle = ((Math.round(box.angle) % 360) + 540) % 360 - 180;
  return { ...box, left, top, width, height, angle: angle === -180 && box.angle > 0 ? 180 : angle };
}

// A box with sides that are longer or shorter, whose left and upper side stay where they are.
export const resized = (box, width, height) => within({
  ...box, width: Math.min(width, 1 - box.left), height: Math.min(height, 1 - box.top),
});

const rotated = (x, y, angle) => {
  const [sin, cos] = [Math.sin(angle * Math.PI / 180), Math.cos(angle * Math.PI / 180)];
  return [x * cos - y * sin, x * sin + y * cos];
};

// The box after one of its corners was dragged so far, in pixels of a picture of that size. The opposite corner stays.
function stretched(box, corner, [dx, dy], [across, down]) {
  const [x, y] = rotated(dx, dy, -box.angle);
  const [right, lower] = [corner.includes('e') ? 1 : -1, corner.includes('s') ? 1 : -1];
  const at = (some, other) => {
    const width = Math.max(LEAST, box.width + right * x * some / across);
    const height = Math.max(LEAST, box.height + lower * y * other / down);
    const [longer, higher] = [(width - box.width) * across, (height - box.height) * down];
    const [moved, sunk] = rotated(right * longer / 2, lower * higher / 2, box.angle);
    const left = box.left + (box.width - width) / 2 + moved / across;
    const top = box.top + (box.height - height) / 2 + sunk / down;
    return { ...box, left, top, width, height };
  };
  const isInside = ({ left, top, width, height }) => Math.min(left, top, 1 - left - width, 1 - top - height) > -1e-6;
  // As much of either way as leaves the box in the picture: halving finds it.
  const most = (holds) => {
    if (holds(1)) return 1;
    let [least, over] = [0, 1];
    for (let turn = 0; turn < 14; turn += 1) {
      const middle = (least + over) / 2;
      if (holds(middle)) least = middle;
      else over = middle;
    }
    return least;
  };
  const some = most((share) => isInside(at(share, 0)));
  return at(some, most((share) => isInside(at(some, share))));
}

// The box after a pointer went from one place to another, in pixels of a picture of that size.
export function dragged(box, handle, from, to, [across, down]) {
  const way = [to[0] - from[0], to[1] - from[1]];
  if (CORNERS.includes(handle)) return within(stretched(box, handle, way, [across, down]));
  if (handle === 'turn') {
    const [x, y] = [(box.left + box.width / 2) * across, (box.top + box.height / 2) * down];
    const direction = (place) => Math.atan2(place[1] - y, place[0] - x) * 180 / Math.PI;
    return within({ ...box, angle: box.angle + direction(to) - direction(from) });
  }
  return within({ ...box, left: box.left + way[0] / across, top: box.top + way[1] / down });
}

// The box after a key, or nothing if the key means nothing here.
export function keyed(box, { key, shiftKey, altKey, ctrlKey, metaKey }) {
  // Some keyboards have brackets with AltGr only, which says Control and Alt.
  if (key in TURNS) return within({ ...box, angle: box.angle + TURNS[key] });
  if (!(key in ARROWS) || ctrlKey || metaKey) return undefined;
  if (altKey) return within({ ...box, angle: box.angle + ALT_TURNS[key] });
  const [x, y] = ARROWS[key].map((step) => step * STEP);
  return shiftKey ? resized(box, box.width + x, box.height + y) : within({ ...box, left: box.left + x, top: box.top + y });
}

const percent = (share) => `${Math.round(share * 1000) / 10} %`;
export const numbersOf = ({ left, top, width, height, angle }) => (
  `left ${percent(left)}, top ${percent(top)}, width ${percent(width)}, height ${percent(height)}, turned by ${angle}°`);

// Keeps boxes over a picture. `changed(number, box)` is called at each change, `chosen(number)` when one gets the focus, and
// `rested(number)` when a change is over.
export function overlayOf(stage, picture, { changed, chosen, rested }) {
  const layer = element('div', { id: 'boxes', hidden: true });
  stage.append(layer);
  let boxes = [];
  let drag = null;
  let resting;

  const sizeOf = () => [layer.offsetWidth, layer.offsetHeight];
  const placeOf = (event) => {
    const { left, top } = layer.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };

  function place(number) {
    const { left, top, width, height, angle } = boxes[number];
    const { style, classList } = layer.children[number];
    for (const [name, share] of Object.entries({ left, top, width, height })) style[name] = `${share * 100}%`;
    style.transform = `rotate(${angle}deg)`;
    if (drag) return;
    // The handle that turns is on the side that is nearer to the center of the picture, so that it is in sight.
    const [x, y] = rotated(0, -1, angle);
    classList.toggle('hanging', x * (left + width / 2 - 0.5) + y * (top + height / 2 - 0.5) > 0);
    classList.toggle('tall', height > 0.8);
    classList.toggle('narrow', width * layer.offsetWidth < 72); // the handles must leave room to move it by
  }

  function fit() {
    if (layer.hidden || !picture.naturalWidth) return;
    const scale = Math.min(picture.clientWidth / picture.naturalWidth, picture.clientHeight / picture.naturalHeight);
    const [width, height] = [picture.naturalWidth * scale, picture.naturalHeight * scale];
    Object.assign(layer.style, {
      left: `${picture.offsetLeft + (picture.clientWidth - width) / 2}px`,
      top: `${picture.offsetTop + (picture.clientHeight - height) / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
    boxes.forEach((_, number) => place(number));
  }

  function change(number, box) {
    boxes[number] = box;
    place(number);
    changed(number, box);
  }

  function rest(number) {
    clearTimeout(resting);
    resting = setTimeout(() => rested(number), 400);
  }

  const numberOf = (target) => [...layer.children].indexOf(target.closest('.box'));

  layer.addEventListener('pointerdown', (event) => {
    const number = numberOf(event.target);
    if (number < 0 || event.button || drag) return;
    event.preventDefault();
    const box = layer.children[number];
    box.focus({ preventScroll: true });
    box.setPointerCapture(event.pointerId);
    const handle = event.target.dataset.handle || 'move';
    drag = { pointer: event.pointerId, number, handle, box: boxes[number], from: placeOf(event) };
  });
  layer.addEventListener('pointermove', (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    change(drag.number, dragged(drag.box, drag.handle, drag.from, placeOf(event), sizeOf()));
  });
  const end = (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    const { number, box } = drag;
    drag = null;
    if (event.type === 'pointercancel') change(number, box);
    place(number);
    rest(number);
  };
  for (const type of ['pointerup', 'pointercancel', 'lostpointercapture']) layer.addEventListener(type, end);

  layer.addEventListener('keydown', (event) => {
    const number = numberOf(event.target);
    const box = keyed(boxes[number], event);
    if (!box) return;
    event.preventDefault(); // the page does not scroll, and the browser does not go back
    change(number, box);
    rest(number);
  });
  layer.addEventListener('focusin', ({ target }) => chosen(numberOf(target)));
  picture.addEventListener('load', fit);
  new ResizeObserver(fit).observe(picture);

  const boxElement = () => {
    const box = element('div', { className: 'box', tabIndex: 0 });
    // Keys are for the box, not for the program that reads the screen.
    box.setAttribute('role', 'application');
    box.setAttribute('aria-roledescription', 'box');
    box.setAttribute('aria-describedby', 'keys');
    box.append(element('span', { className: 'number' }));
    for (const handle of [...CORNERS, 'turn']) {
      const grip = element('span', { className: `handle ${handle}` });
      grip.dataset.handle = handle;
      box.append(grip);
    }
    return box;
  };

  return {
    // Shows these boxes, with their texts; none if there is no list of them.
    show(list, texts, current) {
      boxes = list ? [...list] : [];
      layer.hidden = !list;
      stage.classList.toggle('placing', Boolean(list));
      while (layer.children.length > boxes.length) layer.lastChild.remove();
      while (layer.children.length < boxes.length) layer.append(boxElement());
      boxes.forEach((_, number) => {
        const box = layer.children[number];
        box.firstChild.textContent = number + 1;
        box.setAttribute('aria-label', `Text ${number + 1}${texts[number].trim() && `: ${texts[number].trim()}`}`);
        box.classList.toggle('current', number === current);
        place(number);
      });
      fit();
    },
  };
}
