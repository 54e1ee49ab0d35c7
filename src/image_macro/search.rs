//! Decodes the query string of `/templates`: which templates are asked for, and how much of them.

use super::error::{shortened, Invalid};
use super::query;
use super::values::{nfc, MAX_COMPOSED};

/// The most characters in `q`: all words are looked for in all names.
pub const MAX_QUERY: usize = 256;

/// What of all templates is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// Whether more than their names is.
    pub details: bool,
    /// In lower case and NFC. A template must have all of them, in its name or its keywords.
    pub words: Vec<String>,
}

impl Search {
    /// Decodes `details` and `q`.
    ///
    /// # Errors
    /// [`Invalid`], with the sentence for the client.
    pub fn parse(written: &str) -> Result<Search, Invalid> {
        let (mut details, mut words) = (None, None);
        for (key, value) in query::pairs(written) {
            let key = query::unescaped(key, "the query string")?;
            if query::is_ignored_key(&key) {
                continue;
            }
            let value = query::unescaped(value, "the query string")?;
            let is_given_twice = match key.trim().to_ascii_lowercase().as_str() {
                "details" => details.replace(switch(&value)?).is_some(),
                "q" => words.replace(words_of(&value)?).is_some(),
                _ => {
                    let sentence = "is not known here: \"details\" and \"q\" are";
                    return Err(Invalid(format!("{:?} {}", shortened(&key), sentence)));
                }
            };
            if is_given_twice {
                return Err(Invalid(format!("{:?} is given twice", shortened(&key))));
            }
        }
        Ok(Search { details: details.unwrap_or(false), words: words.unwrap_or_default() })
    }

    /// Whether a template with that name and those keywords is searched for.
    pub fn finds(&self, name: &str, keywords: &[String]) -> bool {
        let name = folded(name);
        let keywords: Vec<_> = keywords.iter().map(|keyword| folded(keyword)).collect();
        let has = |word: &String| name.contains(word) || keywords.iter().any(|known| known.contains(&**word));
        self.words.iter().all(has)
    }
}

fn words_of(value: &str) -> Result<Vec<String>, Invalid> {
    let too_long = |length: usize| {
        Invalid(format!("\"q\" has {} characters, and at most {} are allowed", length, MAX_QUERY))
    };
    let written = value.chars().count();
    if written > MAX_COMPOSED * MAX_QUERY {
        return Err(too_long(written));
    }
    let value = nfc(value.to_string());
    match value.chars().count() {
        0..=MAX_QUERY => Ok(value.split_whitespace().map(folded).collect()),
        length => Err(too_long(length)),
    }
}

/// In the form that words and names are compared in. Letters in lower case may compose where others do not.
fn folded(text: &str) -> String {
    nfc(nfc(text.to_string()).to_lowercase())
}

/// `?details` alone says that they are asked for.
fn switch(value: &str) -> Result<bool, Invalid> {
    match value.trim() {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        other => {
            Err(Invalid(format!("\"details\" is {:?}, and must be true, false or empty", shortened(other))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Search;

    #[test]
    fn details_and_words_are_read() {
        let search = |details, words: &[&str]| Search {
            details,
            words: words.iter().map(|word| word.to_string()).collect(),
        };
        for (query, expected) in [
            ("", search(false, &[])),
            ("details", search(true, &[])),
            ("details=&q=", search(true, &[])),
            ("Details=true&_=7", search(true, &[])),
            ("details=0", search(false, &[])),
            ("q=+Space++CAT%C3%89+", search(false, &["space", "cat\u{e9}"])),
            ("q=CATE%CC%81", search(false, &["cat\u{e9}"])),
        ] {
            assert_eq!(Search::parse(query).unwrap(), expected, "{:?}", query);
        }
        for (query, part) in [
            ("detail", "\"detail\" is not known here: \"details\" and \"q\" are"),
            ("details=maybe", "\"details\" is \"maybe\", and must be true, false or empty"),
            ("q=a&q=b", "\"q\" is given twice"),
            ("q=%ff", "not UTF-8"),
        ] {
            let sentence = Search::parse(query).unwrap_err().to_string();
            assert!(sentence.contains(part), "{:?} does not say {:?}", sentence, part);
        }
        let long = |count: usize| Search::parse(&format!("q={}", "\u{e9}+".repeat(count / 2)));
        assert_eq!(long(256).unwrap().words.len(), 128);
        let decomposed = |count: usize| Search::parse(&format!("q={}", "e\u{301}".repeat(count)));
        assert_eq!(decomposed(256).unwrap().words, ["\u{e9}".repeat(256)]);
        assert!(decomposed(257).unwrap_err().to_string().contains("\"q\" has 257 characters"));
        assert!(decomposed(513).unwrap_err().to_string().contains("\"q\" has 1026 characters"));
        let sentence = long(258).unwrap_err().to_string();
        assert!(sentence.contains("\"q\" has 258 characters, and at most 256"), "{}", sentence);
    }

    #[test]
    fn every_word_must_be_in_the_name_or_a_keyword() {
        let finds = |query: &str| {
            let keywords = ["cat".to_string(), "Sunglasses".to_string()];
            Search::parse(query).unwrap().finds("Deal-with-it", &keywords)
        };
        assert!(["", "q=deal", "q=WITH", "q=cat+deal", "q=sun"].iter().all(|query| finds(query)));
        assert!(["q=dog", "q=cat+dog"].iter().all(|query| !finds(query)));
        // A folder may have a name in either form.
        for name in ["Caf\u{e9}", "Cafe\u{301}", "CAF\u{c9}"] {
            for query in ["q=caf%C3%A9", "q=CAFE%CC%81"] {
                assert!(Search::parse(query).unwrap().finds(name, &[]), "{:?} by {}", name, query);
            }
        }
    }
}
