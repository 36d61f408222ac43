//! A small JSON reader of our own: checks `json`, normalises `jsonb`, finds members, builds text.
//!
//! `jsonb` is kept as the text that PostgreSQL prints (keys by length, then bytes; the last of equal keys
//! wins; `": "` and `", "`), so a member's text inside it is again normalised and can be cut out.
//! Depth is bounded: recursion never exceeds [`MAX_DEPTH`].

use std::borrow::Cow;
use std::fmt::Write;

use crate::{Numeric, SqlError};
use tidewire_syntax::sort;

/// Levels of nesting that we accept.
pub(crate) const MAX_DEPTH: usize = 100;

/// A value of `jsonb` while it is being normalised. `Text` holds the raw, escaped form without quotes.
enum Json {
    Word(&'static str),
    Number(Numeric),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Checks text of type `json`.
pub(crate) fn check(text: &str) -> Result<(), SqlError> {
    Reader::new(text).document().map(|_| ())
}

/// The text that PostgreSQL prints for this `jsonb`.
pub(crate) fn normalize(text: &str) -> Result<String, SqlError> {
    let value = Reader::new(text).document()?;
    let mut out = String::with_capacity(text.len());
    print(&value, &mut out);
    Ok(out)
}

/// A member of an object or element of an array, as text cut out of `text`; `text` must be valid.
pub(crate) fn member<'a>(text: &'a str, key: &Key<'_>) -> Option<&'a str> {
    let mut reader = Reader::new(text);
    reader.space();
    match (reader.peek()?, key) {
        (b'{', Key::Name(name)) => reader.object_member(name),
        (b'[', Key::Index(index)) => reader.array_element(*index),
        _ => None,
    }
}

/// The elements of an array, each as text cut out of `text`, which must be valid; none of anything else.
pub(crate) fn elements(text: &str) -> Vec<&str> {
    let mut reader = Reader::new(text);
    reader.space();
    match reader.peek() {
        Some(b'[') => reader.array_elements().unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The members of an object in order, each value cut out of `text`, which must be valid; none of anything else.
pub(crate) fn entries(text: &str) -> Vec<(String, &str)> {
    let mut reader = Reader::new(text);
    let mut entries = Vec::new();
    reader.space();
    if reader.peek() == Some(b'{') {
        reader.at += 1;
        reader.object_entries(&mut |key, value| entries.push((key, value)));
    }
    entries
}

/// What stands behind `->`.
pub(crate) enum Key<'a> {
    /// A member of an object.
    Name(&'a str),
    /// An element of an array; negative counts from the end.
    Index(i64),
}

/// The text that `->>` gives: a string without quotes, `None` for null, else the text itself.
pub(crate) fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_ascii();
    if text == "null" {
        return None;
    }
    if text.starts_with('"') {
        return Reader::new(text).string().ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(text))
}

/// Writes a string with quotes and escapes, as PostgreSQL's `escape_json` does.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if (control as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

fn print(value: &Json, out: &mut String) {
    match value {
        Json::Word(word) => out.push_str(word),
        Json::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Json::Text(text) => quote(text, out),
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                print(item, out);
            }
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (key, item)) in members.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                quote(key, out);
                out.push_str(": ");
                print(item, out);
            }
            out.push('}');
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn invalid(&self) -> SqlError {
        let rest = self.text.get(self.at..).unwrap_or("");
        let token: String = rest
            .chars()
            .take_while(|c| !c.is_whitespace() && !",]}:".contains(*c))
            .take(20)
            .collect();
        let detail = if rest.is_empty() {
            "The input string ended unexpectedly.".to_string()
        } else if token.is_empty() {
            format!(
                "Token \"{}\" is invalid.",
                &rest.chars().next().unwrap_or(' ')
            )
        } else {
            format!("Token \"{token}\" is invalid.")
        };
        SqlError::new(b"22P02", "invalid input syntax for type json").with_detail(detail)
    }

    fn expect(&mut self, byte: u8) -> Result<(), SqlError> {
        self.space();
        if self.peek() != Some(byte) {
            return Err(self.invalid());
        }
        self.at += 1;
        Ok(())
    }

    fn document(&mut self) -> Result<Json, SqlError> {
        let value = self.value()?;
        self.space();
        if self.at < self.text.len() {
            return Err(self.invalid());
        }
        Ok(value)
    }

    fn value(&mut self) -> Result<Json, SqlError> {
        self.space();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Json::Text),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.invalid()),
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Json, SqlError>,
    ) -> Result<Json, SqlError> {
        if self.depth == MAX_DEPTH {
            return Err(SqlError::new(
                b"54000",
                format!("json is nested deeper than {MAX_DEPTH} levels, the limit of this store"),
            ));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn word(&mut self, word: &'static str) -> Result<Json, SqlError> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.invalid());
        }
        self.at += word.len();
        Ok(Json::Word(word))
    }

    fn number(&mut self) -> Result<Json, SqlError> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
        ) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let whole = digits
            .find(['.', 'e', 'E'])
            .map_or(digits, |end| &digits[..end]);
        let canonical = !whole.is_empty()
            && (whole == "0" || !whole.starts_with('0'))
            && whole.bytes().all(|b| b.is_ascii_digit())
            && !digits.ends_with('.')
            && !digits.contains(".e")
            && !digits.contains(".E");
        match canonical.then(|| Numeric::parse(text)).flatten() {
            Some(number) => number.map(Json::Number),
            None => {
                self.at = start;
                Err(self.invalid())
            }
        }
    }

    fn string(&mut self) -> Result<String, SqlError> {
        self.expect(b'"')?;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(stop) = rest.find(|c: char| c == '"' || c == '\\' || (c as u32) < 0x20) else {
                self.at = self.text.len();
                return Err(self.invalid());
            };
            out.push_str(&rest[..stop]);
            self.at += stop + 1;
            match rest.as_bytes()[stop] {
                b'"' => return Ok(out),
                b'\\' => {
                    let escaped = self.escape()?;
                    out.push(escaped);
                }
                _ => {
                    self.at -= 1;
                    return Err(self.invalid());
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, SqlError> {
        let byte = self.peek().ok_or_else(|| self.invalid())?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => return self.unicode(),
            _ => {
                self.at -= 1;
                return Err(self.invalid());
            }
        })
    }

    fn unicode(&mut self) -> Result<char, SqlError> {
        let mut code = self.four_digits()?;
        if (0xd800..0xdc00).contains(&code) {
            if !self.text[self.at..].starts_with("\\u") {
                return Err(self.invalid());
            }
            self.at += 2;
            let low = self.four_digits()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(self.invalid());
            }
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        match char::from_u32(code) {
            Some('\0') => Err(
                SqlError::new(b"22P05", "unsupported Unicode escape sequence")
                    .with_detail("\\u0000 cannot be converted to text."),
            ),
            Some(character) => Ok(character),
            None => Err(self.invalid()),
        }
    }

    fn four_digits(&mut self) -> Result<u32, SqlError> {
        let digits = self.text.get(self.at..self.at + 4);
        let code = digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.invalid())?;
        self.at += 4;
        Ok(code)
    }

    fn array(&mut self) -> Result<Json, SqlError> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
            } else {
                self.expect(b']')?;
                return Ok(Json::Array(items));
            }
        }
    }

    fn object(&mut self) -> Result<Json, SqlError> {
        self.expect(b'{')?;
        let mut members: Vec<(String, Json)> = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.expect(b':')?;
            members.push((key, self.value()?));
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
            } else {
                self.expect(b'}')?;
                return Ok(Json::Object(ordered(members)));
            }
        }
    }

    /// Skips one value of valid text and gives its text.
    fn skip(&mut self) -> Option<&'a str> {
        self.space();
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string().ok()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                _ => {
                    while self.peek().is_some_and(|b| !b",:]} \t\n\r".contains(&b)) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return self.text.get(start..self.at);
            }
        }
    }

    fn object_member(&mut self, name: &str) -> Option<&'a str> {
        self.at += 1;
        let mut found = None;
        self.object_entries(&mut |key, value| {
            if key == name {
                found = Some(value);
            }
        });
        found
    }

    /// Visits the members behind `{`.
    fn object_entries(&mut self, visitor: &mut dyn FnMut(String, &'a str)) -> Option<()> {
        loop {
            self.space();
            if self.peek()? == b'}' {
                return Some(());
            }
            let key = self.string().ok()?;
            self.expect(b':').ok()?;
            visitor(key, self.skip()?);
            self.space();
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
    }

    fn array_elements(&mut self) -> Option<Vec<&'a str>> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.space();
            if self.peek()? == b']' {
                return Some(items);
            }
            items.push(self.skip()?);
            self.space();
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
    }

    fn array_element(&mut self, index: i64) -> Option<&'a str> {
        let items = self.array_elements()?;
        let at = if index < 0 {
            index + items.len() as i64
        } else {
            index
        };
        usize::try_from(at)
            .ok()
            .and_then(|at| items.get(at).copied())
    }
}

/// Keys by length, then bytes; the last of equal keys stays.
fn ordered(mut members: Vec<(String, Json)>) -> Vec<(String, Json)> {
    sort::sort_by(&mut members, |(left, _), (right, _)| {
        left.len().cmp(&right.len()).then_with(|| left.cmp(right))
    });
    let mut kept: Vec<(String, Json)> = Vec::with_capacity(members.len());
    for member in members {
        match kept.last_mut() {
            Some(last) if last.0 == member.0 => *last = member,
            _ => kept.push(member),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jsonb_prints_as_postgresql_does() {
        let text = r#" {"bb":1.50, "a":[true,null,{"x":"\u00e9\n"}], "a":[1,2e2], "":""}"#;
        assert_eq!(
            normalize(text).unwrap(),
            r#"{"": "", "a": [1, 200], "bb": 1.50}"#
        );
    }

    #[test]
    fn members_are_cut_out() {
        let text = normalize(r#"{"a":{"b":["x",2,{"c":null}]}}"#).unwrap();
        let inner = member(&text, &Key::Name("a"))
            .and_then(|a| member(a, &Key::Name("b")))
            .unwrap();
        assert_eq!(inner, r#"["x", 2, {"c": null}]"#);
        assert_eq!(
            unquoted(member(inner, &Key::Index(0)).unwrap()).unwrap(),
            "x"
        );
        assert_eq!(member(inner, &Key::Index(-1)), Some(r#"{"c": null}"#));
        assert_eq!(member(inner, &Key::Index(3)), None);
        assert_eq!(unquoted("null"), None);
    }

    #[test]
    fn bad_text_is_refused() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\" 1}",
            "01",
            "1.",
            "tru",
            "\"\\x\"",
            "\"\\ud800\"",
            "1 2",
            "nan",
        ] {
            assert_eq!(
                normalize(text).unwrap_err().state.as_str(),
                "22P02",
                "{text}"
            );
        }
        assert_eq!(
            normalize(&"[".repeat(5000)).unwrap_err().state.as_str(),
            "54000"
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_is_idempotent(text in "[\\[\\]{}:,\"0-9a-e\\\\u. -]{0,40}") {
            if let Ok(once) = normalize(&text) {
                proptest::prop_assert_eq!(normalize(&once).unwrap(), once);
            }
            let _ = member(&text, &Key::Name("a"));
            let _ = member(&text, &Key::Index(1));
        }
    }
}
