//! LIKE: `%`, `_` and an escape character (`like_match.c`).

use crate::SqlError;

/// LIKE with `%`, `_` and the escape `\`. Takes at most text × pattern steps and no recursion.
pub(crate) fn like(text: &str, pattern: &str) -> Result<bool, SqlError> {
    enum Part {
        Any,
        One,
        Is(char),
    }
    let mut parts = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        parts.push(match character {
            '%' => Part::Any,
            '_' => Part::One,
            '\\' => Part::Is(characters.next().ok_or_else(|| {
                SqlError::new(b"22025", "LIKE pattern must not end with escape character")
            })?),
            other => Part::Is(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut part) = (0, 0);
    // Where to go on after the last `%` took one more character.
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        let fits = match parts.get(part) {
            Some(Part::Any) => {
                retry = Some((at, part));
                part += 1;
                continue;
            }
            Some(Part::One) => true,
            Some(Part::Is(wanted)) => *wanted == text[at],
            None => false,
        };
        if fits {
            at += 1;
            part += 1;
        } else if let Some((taken, any)) = retry {
            retry = Some((taken + 1, any));
            at = taken + 1;
            part = any + 1;
        } else {
            return Ok(false);
        }
    }
    Ok(parts[part..].iter().all(|part| matches!(part, Part::Any)))
}

/// The pattern with the backslash as its escape character instead of this one; without one, no character has
/// a special meaning behind it.
pub(crate) fn with_escape(pattern: &str, escape: &str) -> Result<String, SqlError> {
    let mut characters = escape.chars();
    let escape = characters.next();
    if characters.next().is_some() {
        return Err(SqlError::new(b"22025", "invalid escape string")
            .with_detail("Escape string must be empty or one character."));
    }
    let mut out = String::with_capacity(pattern.len());
    let mut escaped = false;
    for character in pattern.chars() {
        if !escaped && Some(character) == escape {
            out.push('\\');
            escaped = true;
            continue;
        }
        if character == '\\' && !escaped {
            out.push('\\');
        }
        out.push(character);
        escaped = false;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_matches_as_postgresql_does() {
        for (text, pattern, expected) in [
            ("abc", "a%", true),
            ("abc", "%b%c", true),
            ("abc", "_b_", true),
            ("abc", "ab", false),
            ("a%c", "a\\%c", true),
            ("abc", "a\\%c", false),
            ("", "%", true),
            ("aaaaab", "%a%a%b", true),
        ] {
            assert_eq!(
                like(text, pattern).unwrap(),
                expected,
                "{text} like {pattern}"
            );
        }
        assert!(like("a", "a\\").is_err());
    }
}
