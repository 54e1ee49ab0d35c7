//! Renders the course as a small site: plain files, which work without a server and without a network.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use serde::Serialize;

use crate::pages::{course, lessons, root};
use crate::pictures;

/// What follows the lessons in the contents.
const BESIDE: &[&str] = &["article.md", "translation.md", "glossary.md", "teaching.md", "slides.md"];
/// Documents of the project that the course refers to.
const PROJECT: &[&str] = &[
    "NOTES.md",
    "docs/comparison.md",
    "docs/decisions.md",
    "docs/limits.md",
    "docs/measurements.md",
    "docs/advisories.md",
    "docs/testing.md",
];
const STYLE: &str = include_str!("../assets/site.css");
const SCRIPT: &str = include_str!("../assets/site.js");

/// A page of the site.
struct Page {
    source: PathBuf,
    /// The name of its file in the site.
    file: String,
    title: String,
    markdown: String,
}

/// A part of a page, for the search.
#[derive(Serialize)]
struct Entry {
    page: String,
    heading: String,
    link: String,
    text: String,
}

/// Renders everything into a folder, which is made if it is not there.
///
/// # Errors
/// If a file cannot be read or written, or a link leads nowhere.
pub fn render(folder: &Path) -> Result<(), String> {
    let (mut pages, mut index, mut sources) = (pages()?, Vec::new(), BTreeSet::new());
    let contents: Vec<_> = pages.iter().map(|page| (page.file.clone(), page.title.clone())).collect();
    let project = pages.len() - PROJECT.len();
    fs::create_dir_all(folder.join("pictures")).map_err(|error| format!("{}: {error}", folder.display()))?;
    let write = |name: &str, text: String| {
        fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    for (at, page) in pages.iter_mut().enumerate() {
        let linked = |link: &str| contents.iter().any(|(file, _)| file == link);
        let events = events(page, &linked, &mut sources)?;
        if page.file == "slides.html" {
            write(&page.file, slides(&page.title, events).into_string())?;
            continue;
        }
        index.extend(entries(page, &events));
        let mut body = String::new();
        pulldown_cmark::html::push_html(&mut body, events.into_iter());
        write(&page.file, layout(page, &body, &contents, project, at).into_string())?;
    }
    for source in &sources {
        let text = fs::read_to_string(root().join(source)).map_err(|error| format!("{source}: {error}"))?;
        write(&source_page(source), source_layout(source, &text).into_string())?;
    }
    for name in pictures::names() {
        let name = format!("{name}.svg");
        fs::copy(pictures::folder().join(&name), folder.join("pictures").join(&name))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    for picture in ["cat.png", "compare.png", "scripts.jpg"] {
        fs::copy(root().join("docs").join(picture), folder.join(picture))
            .map_err(|error| format!("{picture}: {error}"))?;
    }
    write("site.css", STYLE.to_string())?;
    write("site.js", SCRIPT.to_string())?;
    let index = serde_json::to_string(&index).map_err(|error| error.to_string())?;
    write("index.js", format!("const INDEX = {index};\n"))
}

fn pages() -> Result<Vec<Page>, String> {
    let beside = BESIDE.iter().map(|name| course().join(name));
    let project = PROJECT.iter().map(|name| root().join(name));
    let first = [course().join("README.md")];
    let sources = first.into_iter().chain(lessons()).chain(beside).chain(project);
    sources
        .map(|source| {
            let markdown =
                fs::read_to_string(&source).map_err(|error| format!("{}: {error}", source.display()))?;
            let title =
                markdown.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or("").replace('`', "");
            Ok(Page { file: file_of(&source), source, title, markdown })
        })
        .collect()
}

/// The name of a page's file.
fn file_of(source: &Path) -> String {
    let name = source.file_stem().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if name == "readme" { "index.html".to_string() } else { format!("{name}.html") }
}

fn source_page(source: &str) -> String {
    format!("source-{}.html", source.replace(['/', '.'], "-"))
}

/// The events of a page, with identifiers for its headings, captions for its excerpts, and links that lead to pages of
/// the site. Other files of the project become pages of their own, collected in `sources`.
fn events<'a>(
    page: &'a Page,
    is_page: &dyn Fn(&str) -> bool,
    sources: &mut BTreeSet<String>,
) -> Result<Vec<Event<'a>>, String> {
    let mut events: Vec<Event> = Parser::new_ext(&page.markdown, Options::ENABLE_TABLES).collect();
    for at in 0..events.len() {
        if let Event::Start(Tag::Heading { .. }) = events[at] {
            let anchor = anchor(&plain_text(&events[at..]));
            if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
                *id = Some(CowStr::from(anchor));
            }
        }
        match &mut events[at] {
            Event::Start(Tag::Link { dest_url, .. }) => {
                *dest_url = target(page, dest_url, is_page, sources)?.into()
            }
            Event::Start(Tag::Image { dest_url, .. }) if dest_url.starts_with("docs/") => {
                *dest_url = dest_url.trim_start_matches("docs/").to_string().into();
            }
            Event::Html(text) => {
                if let Some(caption) = caption(text.trim()) {
                    *text = caption.into_string().into();
                }
            }
            _ => {}
        }
    }
    Ok(events)
}

/// Where a link leads in the site.
fn target(
    page: &Page,
    link: &str,
    is_page: &dyn Fn(&str) -> bool,
    sources: &mut BTreeSet<String>,
) -> Result<String, String> {
    if link.contains("://") || link.starts_with('#') {
        return Ok(link.to_string());
    }
    let (path, fragment) =
        link.split_once('#').map_or((link, String::new()), |(path, of)| (path, format!("#{of}")));
    let there = page.source.with_file_name(path).canonicalize();
    let there = there.map_err(|error| format!("{}: {link}: {error}", page.source.display()))?;
    let file = file_of(&there);
    if there.extension().is_some_and(|end| end == "md") && is_page(&file) && there != root().join("README.md")
    {
        return Ok(file + &fragment);
    }
    let source = there.strip_prefix(root()).map_err(|_| format!("{link} is outside of the project"))?;
    let source = source.to_string_lossy().into_owned();
    if there.is_dir() {
        return Ok(format!("#{source}"));
    }
    let file = source_page(&source);
    sources.insert(source);
    Ok(file)
}

/// What stands above an excerpt, in place of its mark.
fn caption(html: &str) -> Option<Markup> {
    let mark = html.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    let (kind, rest) = mark.split_once(": ")?;
    let words: Vec<_> = rest.split_whitespace().collect();
    Some(match (kind, &words[..]) {
        ("code", [file, name]) => html! { p.origin { code { (file) } ", " code { (name) } } },
        ("output", [example]) => html! { p.origin { "printed by " code { (example) } } },
        ("message", [file]) => html! { p.origin { code { (file) } } },
        ("server", []) => html! { p.origin { "with the server running" } },
        ("server", _) => html! { p.origin { "with the server running: " code { "memed " (rest) } } },
        ("note", _) => html! { aside { p { (rest) } } },
        _ => return None,
    })
}

/// As GitHub makes it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|&character| character.is_alphanumeric() || " -_".contains(character));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

/// The text of the heading or other part that begins here.
fn plain_text(events: &[Event]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    inside.map(words).collect()
}

fn words<'e>(event: &'e Event) -> &'e str {
    match event {
        Event::Text(text) | Event::Code(text) => text,
        Event::SoftBreak
        | Event::HardBreak
        | Event::End(TagEnd::TableCell | TagEnd::Paragraph | TagEnd::Item) => " ",
        _ => "",
    }
}

/// A page in parts, one for each heading.
fn entries(page: &Page, events: &[Event]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut is_heading = false;
    for (at, event) in events.iter().enumerate() {
        if let Event::Start(Tag::Heading { id, .. }) = event {
            let link = format!("{}#{}", page.file, id.as_deref().unwrap_or(""));
            let heading = plain_text(&events[at..]);
            entries.push(Entry { page: page.title.clone(), heading, link, text: String::new() });
            is_heading = true;
        }
        is_heading &= !matches!(event, Event::End(TagEnd::Heading(_)));
        if let Some(entry) = entries.last_mut().filter(|_| !is_heading) {
            entry.text.push_str(words(event));
        }
    }
    entries
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            link rel="stylesheet" href="site.css";
        }
    }
}

fn layout(page: &Page, body: &str, contents: &[(String, String)], project: usize, at: usize) -> Markup {
    let item = |(file, title): &(String, String)| {
        html! { li { a href=(file) aria-current=[(*file == page.file).then_some("page")] { (title) } } }
    };
    let neighbour = |at: Option<usize>| at.and_then(|at| contents[..project].get(at));
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&page.title))
            body {
                a.skip href="#text" { "To the text" }
                nav aria-label="Contents" {
                    label for="search" { "Search" }
                    input id="search" type="search" autocomplete="off" placeholder="a word, or several";
                    ol id="found" aria-live="polite" {}
                    ul { @for entry in &contents[..project] { (item(entry)) } }
                    p { "The project" }
                    ul { @for entry in &contents[project..] { (item(entry)) } }
                }
                main id="text" {
                    (PreEscaped(body))
                    footer {
                        @if let Some((file, title)) = neighbour(at.checked_sub(1)) { a href=(file) rel="prev" { "← " (title) } }
                        @if let Some((file, title)) = neighbour(Some(at + 1)) { a href=(file) rel="next" { (title) " →" } }
                    }
                }
                script src="index.js" {}
                script src="site.js" {}
            }
        }
    }
}

fn source_layout(source: &str, text: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(source))
            body { main { h1 { code { (source) } } pre { code { (text) } } } }
        }
    }
}

/// A slide for each part between two rules.
fn slides(title: &str, events: Vec<Event>) -> Markup {
    let parts: Vec<Vec<Event>> =
        events.split(|event| matches!(event, Event::Rule)).map(<[_]>::to_vec).collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body.slides {
                @for part in parts {
                    @let is_first = part.iter().any(|event| matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. })));
                    @let html = { let mut html = String::new(); pulldown_cmark::html::push_html(&mut html, part.into_iter()); html };
                    section.first[is_first] { (PreEscaped(html)) }
                }
                script src="site.js" {}
            }
        }
    }
}
