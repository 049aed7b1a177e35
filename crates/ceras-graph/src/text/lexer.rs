//! From text to words.

use std::fmt;

/// What is wrong with a graph's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ParseError {}

/// A place in a text, and ways to go on.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Lexer<'a> {
        Lexer { text, at: 0 }
    }

    /// An error here.
    pub(super) fn error(&self, what: impl Into<String>) -> ParseError {
        let line = self.text.as_bytes()[..self.at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        ParseError { line, what: what.into() }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// What comes after spaces and comments. The place stays, so that an error after a word names that word's line.
    fn ahead(&self) -> &'a str {
        let mut rest = self.rest().trim_start();
        while rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]).trim_start();
        }
        rest
    }

    /// Goes past so many bytes of what comes next.
    fn advance(&mut self, bytes: usize) {
        self.at = self.text.len() - self.ahead().len() + bytes;
    }

    /// Whether a character comes next.
    pub(super) fn next_is(&self, character: char) -> bool {
        self.ahead().starts_with(character)
    }

    /// Goes past these characters, if they come next.
    pub(super) fn eat(&mut self, characters: &str) -> bool {
        let found = self.ahead().starts_with(characters);
        if found {
            self.advance(characters.len());
        }
        found
    }

    /// Goes past these characters, which must come next.
    pub(super) fn expect(&mut self, characters: &str) -> Result<(), ParseError> {
        if self.eat(characters) {
            Ok(())
        } else {
            let found = self.found();
            Err(self.error(format!("expected `{characters}`, found {found}")))
        }
    }

    /// What comes next, for an error.
    pub(super) fn found(&self) -> String {
        let rest = self.ahead();
        let word: String = rest.chars().take_while(|character| !character.is_whitespace()).take(20).collect();
        if word.is_empty() { "the end".into() } else { format!("`{word}`") }
    }

    /// The word that comes next (letters, digits, `_`, `.`, `-`, `+`), without going past it.
    pub(super) fn peek_word(&self) -> &'a str {
        let rest = self.ahead();
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
        &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())]
    }

    /// Goes past a word.
    pub(super) fn word(&mut self) -> Result<&'a str, ParseError> {
        let word = self.peek_word();
        if word.is_empty() {
            let found = self.found();
            return Err(self.error(format!("expected a word, found {found}")));
        }
        self.advance(word.len());
        Ok(word)
    }

    /// Goes past a word that is a number of a type.
    pub(super) fn number<T: std::str::FromStr>(&mut self, kind: &str) -> Result<T, ParseError> {
        let word = self.word()?;
        word.parse().map_err(|_| self.error(format!("expected {kind}, found `{word}`")))
    }

    /// Goes past a text in quotes.
    pub(super) fn quoted(&mut self) -> Result<String, ParseError> {
        self.expect("\"")?;
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += index + 1;
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, 'u')) => {
                        let code: String =
                            characters.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                        let decoded = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                        text.push(
                            decoded
                                .ok_or_else(|| self.error(format!("`\\u{{{code}}}` is not a character")))?,
                        );
                    }
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                _ => text.push(character),
            }
        }
        Err(self.error("the text in quotes has no end"))
    }

    /// Items until the closing characters, with commas between.
    pub(super) fn list<T>(
        &mut self,
        close: &str,
        mut item: impl FnMut(&mut Lexer<'a>) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if !self.eat(",") {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.ahead().is_empty()
    }
}
