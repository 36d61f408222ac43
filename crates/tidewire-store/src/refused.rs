//! What a text answers that is no statement of the language: PostgreSQL's message where it has one, else ours as
//! 0A000. Source of the wording: `scanner_yyerror` and the scanner's own errors in PostgreSQL's `scan.l`,
//! `typenameType` in `parse_type.c`.

use tidewire_syntax::Diagnostic;

use crate::SqlError;

/// Characters of operators (PostgreSQL manual, section 4.1.3).
const OPERATOR: &str = "+-*/<>=~!@#%^&|`?";

/// Functions of PostgreSQL's that people reach for and that are left out.
#[rustfmt::skip]
const FUNCTIONS: &[&str] = &[
    "age", "any_value", "array_agg", "array_length", "array_to_string", "bit_and", "bit_or", "bit_length",
    "cbrt", "convert_from", "corr", "date_bin", "date_part", "decode", "encode", "exp", "format", "gcd",
    "gen_random_uuid", "isfinite", "jsonb_insert", "jsonb_path_query", "jsonb_pretty", "justify_days", "lcm",
    "ln", "log", "make_interval", "make_timestamp", "normalize", "parse_ident", "pg_backend_pid", "pg_sleep",
    "pi", "power", "quote_ident", "quote_literal", "random", "range_agg", "regexp_match", "regexp_matches",
    "regexp_replace", "regexp_split_to_table", "row_to_json", "setseed", "sha256", "sqrt", "stddev",
    "string_to_array", "string_to_table", "to_ascii", "to_char", "to_date", "to_hex", "to_number",
    "to_timestamp", "txid_current", "unnest", "uuid_generate_v4", "var_pop", "variance", "version",
    "width_bucket", "xmlelement",
];

/// Whether PostgreSQL has a function of this name that the language has not.
pub(crate) fn lacks_function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

impl SqlError {
    /// The error of a text that did not parse, from what the parser found.
    ///
    /// What PostgreSQL has and the language has not is 0A000; the detail holds what to write instead. Everything
    /// else is worded as PostgreSQL does, with what was expected in the detail.
    pub fn refused(text: &str, diagnostics: &[Diagnostic]) -> SqlError {
        let Some(first) = diagnostics.first() else {
            return SqlError::new(b"42601", "syntax error at end of input");
        };
        let rest = text.get(first.span.start as usize..).unwrap_or_default();
        let message = first.message.clone();
        let error = match first.code {
            "not-supported" => SqlError::new(b"0A000", message),
            "too-deep" => SqlError::new(b"54001", message),
            "too-long" => SqlError::new(b"54000", message),
            "unknown-type" => {
                let name = first.span.text(text).to_ascii_lowercase();
                return SqlError::new(b"42704", format!("type \"{name}\" does not exist"))
                    .with_hint(first);
            }
            "unterminated" => {
                let what = match rest.as_bytes().first() {
                    Some(b'\'') => "quoted string",
                    Some(b'"') => "quoted identifier",
                    _ => "/* comment",
                };
                return near(&format!("unterminated {what}"), rest);
            }
            "junk-number" => return near("trailing junk after numeric literal", junk(rest)),
            code => match state_of(code) {
                Some(state) => SqlError::new(&state, message),
                None => {
                    let at = first.span.start as usize;
                    return near("syntax error", token(text, at)).with_detail(expected(first));
                }
            },
        };
        error.with_hint(first)
    }

    fn with_hint(self, diagnostic: &Diagnostic) -> SqlError {
        match &diagnostic.hint {
            Some(hint) => self.with_detail(hint.clone()),
            None => self,
        }
    }
}

/// The SQLSTATE that a code such as `sql-22023` carries.
fn state_of(code: &str) -> Option<[u8; 5]> {
    code.strip_prefix("sql-")?.as_bytes().try_into().ok()
}

fn expected(diagnostic: &Diagnostic) -> String {
    match &diagnostic.hint {
        Some(hint) => format!("{} ({hint})", diagnostic.message),
        None => diagnostic.message.clone(),
    }
}

fn near(what: &str, token: &str) -> SqlError {
    let message = match token {
        "" => format!("{what} at end of input"),
        token => format!("{what} at or near \"{token}\""),
    };
    SqlError::new(b"42601", message)
}

/// A number with the word that it runs into.
fn junk(rest: &str) -> &str {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '_'));
    &rest[..end.unwrap_or(rest.len())]
}

/// The token at a place of a text, as PostgreSQL's scanner cuts it: an operator as long as it goes.
fn token(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let rest = text.get(at..).unwrap_or_default();
    let operators = before.trim_end_matches(|c| OPERATOR.contains(c)).len();
    if operators < at && rest.starts_with(|c| OPERATOR.contains(c)) {
        return token(text, operators);
    }
    let Some(first) = rest.chars().next() else {
        return "";
    };
    let run = |belongs: &dyn Fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    let length = match first {
        '\'' | '"' => {
            let closing = rest[1..].find(first);
            closing.map_or(rest.len(), |at| at + 2)
        }
        '$' => {
            1 + rest[1..]
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len() - 1)
        }
        _ if first.is_ascii_digit() => run(&|c| c.is_ascii_digit() || c == '.'),
        _ if first.is_alphanumeric() || first == '_' => {
            run(&|c| c.is_alphanumeric() || c == '_' || c == '$')
        }
        ':' if rest.starts_with("::") => 2,
        _ if OPERATOR.contains(first) => run(&|c| OPERATOR.contains(c)),
        other => other.len_utf8(),
    };
    rest.get(..length).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_cut_as_the_scanner_cuts_them() {
        for (rest, expected) in [
            ("slect 1", "slect"),
            ("'it' x", "'it'"),
            ("\"a b\", c", "\"a b\""),
            ("12.5 x", "12.5"),
            ("== 1", "=="),
            ("::int", "::"),
            ("$1 x", "$1"),
            (") x", ")"),
            ("größe,", "größe"),
            ("", ""),
        ] {
            assert_eq!(token(rest, 0), expected);
        }
        assert_eq!(token("a == 1", 3), "==");
        assert_eq!(junk("12abc + 1"), "12abc");
    }
}
