//! Parses the YAML of a configuration into a tree.
//!
//! Of YAML it takes what a configuration needs: mappings, sequences, scalars. Aliases are refused, for with them a small
//! file can stand for a huge one.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// As deep as values may be nested: a configuration of memegen's needs three levels.
const DEEPEST: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `~`, `null`, or nothing.
    Null,
    /// Any other scalar, as it is written.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping whose keys are scalars, in their order.
    Map(Vec<(String, Node)>),
}

/// The first document of a text; `Null` if there is none.
///
/// # Errors
/// A sentence with the line.
pub fn parse(text: &str) -> Result<Node, String> {
    // A byte order mark is no content.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut events = Parser::new_from_str(text);
    loop {
        match next(&mut events)? {
            Some((Event::StreamStart, _)) | Some((Event::DocumentStart(_), _)) => {}
            Some((Event::StreamEnd, _)) | None => return Ok(Node::Null),
            Some(event) => return node(event, &mut events, 0),
        }
    }
}

/// The next event that says something.
fn next<'i, I>(events: &mut I) -> Result<Option<(Event<'i>, Span)>, String>
where
    I: Iterator<Item = Result<(Event<'i>, Span), ScanError>>,
{
    match events.next() {
        None => Ok(None),
        Some(Ok(event)) => Ok(Some(event)),
        Some(Err(error)) => Err(format!("line {}: it is not YAML: {}", error.marker().line(), error.info())),
    }
}

/// The value that begins with this event.
fn node<'i, I>((event, span): (Event<'i>, Span), events: &mut I, depth: usize) -> Result<Node, String>
where
    I: Iterator<Item = Result<(Event<'i>, Span), ScanError>>,
{
    let line = span.start.line();
    if depth > DEEPEST {
        return Err(format!("line {}: it is nested too deep", line));
    }
    let too_short = || format!("line {}: it is not YAML: it ends early", line);
    match event {
        Event::Scalar(text, style, _, _) => Ok(match &*text {
            "" | "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Node::Null,
            text => Node::Text(text.to_string()),
        }),
        Event::SequenceStart(..) => {
            let mut list = Vec::new();
            loop {
                match next(events)?.ok_or_else(too_short)? {
                    (Event::SequenceEnd, _) => return Ok(Node::List(list)),
                    item => list.push(node(item, events, depth + 1)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut map: Vec<(String, Node)> = Vec::new();
            loop {
                let (event, span) = next(events)?.ok_or_else(too_short)?;
                let line = span.start.line();
                let key = match event {
                    Event::MappingEnd => return Ok(Node::Map(map)),
                    Event::Scalar(key, ..) => key.to_string(),
                    _ => return Err(format!("line {}: a key is not a word", line)),
                };
                if map.iter().any(|known| known.0 == key) {
                    return Err(format!("line {}: the key {:?} is given twice", line, key));
                }
                let value = next(events)?.ok_or_else(too_short)?;
                map.push((key, node(value, events, depth + 1)?));
            }
        }
        Event::Alias(_) => Err(format!("line {}: aliases are not supported", line)),
        _ => Err(too_short()),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, Node};

    fn text(text: &str) -> Node {
        Node::Text(text.to_string())
    }

    #[test]
    fn mappings_sequences_and_scalars_are_read() {
        let map = |entries: Vec<(&str, Node)>| {
            Node::Map(entries.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
        };
        let expected = map(vec![
            ("name", text("it's")),
            ("keywords", Node::List(vec![Node::Null, text("null"), text("two words")])),
            ("text", Node::List(vec![map(vec![("angle", text("-9.5")), ("color", text("#fff"))])])),
            ("empty", Node::Null),
        ]);
        let block = "\u{feff}---\nname: it's\nkeywords:\n  -\n  - 'null'\n  - two words\ntext:\n  - angle: -9.5\n    \
                     color: '#fff'\nempty: ~\n";
        assert_eq!(parse(block), Ok(expected.clone()));
        let flow = "{name: \"it's\", keywords: [null, \"null\", two words], text: [{angle: -9.5, color: '#fff'}], empty: }";
        assert_eq!(parse(flow), Ok(expected));
        assert_eq!((parse(""), parse("# nothing\n")), (Ok(Node::Null), Ok(Node::Null)));
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        let deep = format!("a: {}", "[".repeat(30_000));
        let deep_flow = format!("a: {}{}", "[".repeat(20), "]".repeat(20));
        let deep_block = (0..40).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
        for (text, part) in [
            ("a: 1\nb: [1\n", "line 3: it is not YAML: "),
            ("a: &x [1]\nb: *x\n", "line 2: aliases are not supported"),
            ("a: 1\nb: *nothing\n", "line 2: it is not YAML: "),
            ("a: 1\na: 2\n", "line 2: the key \"a\" is given twice"),
            ("[a]: 1\n", "line 1: a key is not a word"),
            (&deep, "line 1: it is not YAML: recursion limit exceeded"),
            (&deep_flow, "line 1: it is nested too deep"),
            (&deep_block, "it is nested too deep"),
        ] {
            let sentence = parse(text).unwrap_err();
            assert!(sentence.contains(part), "{:?} is not {:?}", sentence, part);
        }
        // Each level stands for ten of the one below.
        let mut bomb = "a0: &a0 [lol, lol]\n".to_string();
        for level in 1..30 {
            let above = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{}: &a{} [{}]\n", level, level, above);
        }
        assert_eq!(parse(&bomb), Err("line 2: aliases are not supported".to_string()));
    }
}
