"use strict";

// Search: all words must be in a part of a page.
const search = document.getElementById("search");
if (search) {
  const found = document.getElementById("found");
  const plain = (text) => text.toLowerCase();
  search.addEventListener("input", () => {
    const words = plain(search.value).split(/\s+/).filter((word) => word.length > 1);
    found.replaceChildren();
    if (words.length === 0) return;
    const has = (entry) => words.every((word) => plain(entry.heading + " " + entry.text).includes(word));
    // A heading with the words comes before a text with them.
    const inHeading = (entry) => words.filter((word) => plain(entry.heading).includes(word)).length;
    const hits = INDEX.filter(has).sort((a, b) => inHeading(b) - inHeading(a));
    for (const entry of hits.slice(0, 12)) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = entry.link;
      link.textContent = entry.heading;
      const place = document.createElement("small");
      const at = Math.max(0, plain(entry.text).indexOf(words[0]) - 30);
      place.textContent = entry.page + ": …" + entry.text.slice(at, at + 90) + "…";
      item.append(link, place);
      found.append(item);
    }
    if (hits.length === 0) found.textContent = "Nothing has all of these words.";
  });
}

// Slides: arrows and space turn the pages, n shows the notes.
const slides = document.body.classList.contains("slides") ? [...document.querySelectorAll("section")] : [];
if (slides.length > 0) {
  document.body.classList.add("one");
  let at = Math.min(Math.max(Number(location.hash.slice(1)) - 1, 0), slides.length - 1) || 0;
  const show = () => {
    slides.forEach((slide, number) => slide.classList.toggle("shown", number === at));
    history.replaceState(null, "", "#" + (at + 1));
  };
  const turn = (by) => {
    at = Math.min(Math.max(at + by, 0), slides.length - 1);
    show();
  };
  addEventListener("keydown", (event) => {
    if (["ArrowRight", "PageDown", " "].includes(event.key)) turn(1);
    else if (["ArrowLeft", "PageUp"].includes(event.key)) turn(-1);
    else if (event.key === "n") document.body.classList.toggle("notes");
    else return;
    event.preventDefault();
  });
  addEventListener("click", (event) => {
    if (!event.target.closest("a")) turn(event.clientX < innerWidth / 3 ? -1 : 1);
  });
  show();
}
