//! A simple query cut into its statements: at each `;` outside quotes, comments and dollar quotes, as
//! PostgreSQL's scanner (`scan.l`) sees them. What a statement means is not asked here.

/// The statements of a query, without their `;`. What holds only space and comments is left out.
pub(super) fn split(query: &str) -> Vec<&str> {
    let bytes = query.as_bytes();
    let mut statements = Vec::new();
    let (mut start, mut at, mut any) = (0, 0, false);
    while at < bytes.len() {
        let end = match bytes[at] {
            b';' => {
                if any {
                    statements.push(query[start..at].trim());
                }
                (start, any) = (at + 1, false);
                at += 1;
                continue;
            }
            b'-' if bytes[at + 1..].starts_with(b"-") => line_end(bytes, at),
            b'/' if bytes[at + 1..].starts_with(b"*") => comment_end(bytes, at),
            space if space.is_ascii_whitespace() => at + 1,
            other => {
                any = true;
                token_end(bytes, at, other)
            }
        };
        at = end;
    }
    if any {
        statements.push(query[start..].trim());
    }
    statements
}

/// Behind the token that begins at `at`, as far as it can hide a `;`.
fn token_end(bytes: &[u8], at: usize, first: u8) -> usize {
    match first {
        b'\'' => quote_end(bytes, at + 1, b'\'', escapes(bytes, at)),
        b'"' => quote_end(bytes, at + 1, b'"', false),
        b'$' => dollar_quote_end(bytes, at).unwrap_or(at + 1),
        _ if is_word(first) => {
            let word = bytes[at..].iter().take_while(|byte| is_word(**byte));
            // A dollar within a word begins no quote, and `E` before a quote is looked at from the quote.
            at + word.count()
        }
        _ => at + 1,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Is the quote at `at` one of `E'…'`, where a backslash escapes?
fn escapes(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|place| bytes[place]);
    matches!(before(1), Some(b'e' | b'E')) && !before(2).is_some_and(is_word)
}

/// Behind the closing quote; a doubled one is part of the text.
fn quote_end(bytes: &[u8], mut at: usize, quote: u8, backslash: bool) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if backslash => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Behind `$tag$ … $tag$`; `None` when no such quote begins at `at`.
fn dollar_quote_end(bytes: &[u8], at: usize) -> Option<usize> {
    let length = bytes[at + 1..].iter().position(|byte| *byte == b'$')? + 2;
    let tag = &bytes[at..at + length];
    let name = &tag[1..length - 1];
    let is_name = name.iter().all(|byte| is_word(*byte));
    if !is_name || name.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let body = &bytes[at + length..];
    let close = body.windows(length).position(|window| window == tag);
    Some(close.map_or(bytes.len(), |close| at + length + close + length))
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes[at..].iter().position(|byte| *byte == b'\n');
    length.map_or(bytes.len(), |length| at + length)
}

/// Behind a comment; comments nest.
fn comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_query_is_cut_at_its_semicolons() {
        let cases: [(&str, &[&str]); 11] = [
            ("", &[]),
            (" ; ;\n", &[]),
            ("select 1", &["select 1"]),
            ("begin; select 1 ;", &["begin", "select 1"]),
            ("select ';', 'it''s;'; x", &["select ';', 'it''s;'", "x"]),
            (r"select E'\';'; x", &[r"select E'\';'", "x"]),
            (r"select '\'; x", &[r"select '\'", "x"]),
            ("select \"a;b\"; x", &["select \"a;b\"", "x"]),
            ("do $a$ x; $$ y; $a$; z", &["do $a$ x; $$ y; $a$", "z"]),
            ("-- a;\nb; /* c; /* d; */ e; */", &["-- a;\nb"]),
            ("select $1; select 'open;", &["select $1", "select 'open;"]),
        ];
        for (query, expected) in cases {
            assert_eq!(split(query), expected, "{query}");
        }
    }
}
