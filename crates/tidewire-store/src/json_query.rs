//! Questions to JSON: kinds, paths, containment (`jsonb_op.c`, manual 8.14.3).

use crate::json::{self, Key};
use crate::{Numeric, SqlError};

/// The kind of a value as `jsonb_typeof` names it.
pub(crate) fn kind(text: &str) -> &'static str {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}

/// The steps of a path written as an array of texts: `{a,0,"b c"}`.
pub(crate) fn path(text: &str) -> Result<Vec<String>, SqlError> {
    let malformed = || {
        SqlError::new(b"22P02", format!("malformed array literal: \"{text}\""))
            .with_detail("Array value must start with \"{\" or dimension information.")
    };
    let inner = text.trim_ascii();
    let inner = inner
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'));
    let inner = inner.ok_or_else(malformed)?;
    let mut steps = Vec::new();
    if inner.trim_ascii().is_empty() {
        return Ok(steps);
    }
    let mut characters = inner.chars();
    let (mut step, mut quoted, mut was_quoted) = (String::new(), false, false);
    while let Some(character) = characters.next() {
        match character {
            '\\' => step.extend(characters.next()),
            '"' => {
                quoted = !quoted;
                was_quoted = true;
            }
            ',' if !quoted => {
                steps.push(finished(&mut step, &mut was_quoted));
            }
            '{' | '}' if !quoted => return Err(malformed()),
            other => step.push(other),
        }
    }
    if quoted {
        return Err(malformed());
    }
    steps.push(finished(&mut step, &mut was_quoted));
    Ok(steps)
}

fn finished(step: &mut String, was_quoted: &mut bool) -> String {
    let step = std::mem::take(step);
    match std::mem::take(was_quoted) {
        true => step,
        false => step.trim_ascii().to_string(),
    }
}

/// One step of a path: a member of an object, or an element of an array.
pub(crate) fn step<'t>(text: &'t str, step: &str) -> Option<&'t str> {
    match kind(text) {
        "array" => json::member(text, &Key::Index(step.parse().ok()?)),
        _ => json::member(text, &Key::Name(step)),
    }
}

/// `?`: a key of an object, a text in an array, or a text itself.
pub(crate) fn has_key(text: &str, key: &str) -> bool {
    let is_it = |text: &str| {
        text.starts_with('"') && json::unquoted(text).is_some_and(|found| *found == *key)
    };
    match kind(text) {
        "object" => json::member(text, &Key::Name(key)).is_some(),
        "array" => json::elements(text).into_iter().any(is_it),
        _ => is_it(text),
    }
}

/// `@>` of normalised values: does the left one hold the right one? An array also holds a bare scalar. The
/// depth of what is read is bounded.
pub(crate) fn contains(text: &str, part: &str) -> bool {
    if kind(text) == "array" && !matches!(kind(part), "array" | "object") {
        return json::elements(text)
            .into_iter()
            .any(|element| equal(element, part));
    }
    holds(text, part)
}

fn holds(text: &str, part: &str) -> bool {
    match (kind(text), kind(part)) {
        ("object", "object") => json::entries(part).into_iter().all(|(key, wanted)| {
            json::member(text, &Key::Name(&key)).is_some_and(|found| holds(found, wanted))
        }),
        ("array", "array") => {
            let elements = json::elements(text);
            let holds = |wanted: &str| elements.iter().any(|found| holds(found, wanted));
            json::elements(part).into_iter().all(holds)
        }
        _ => equal(text, part),
    }
}

fn equal(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (kind(left), kind(right)) {
        ("number", "number") => match (Numeric::parse(left), Numeric::parse(right)) {
            (Some(Ok(left)), Some(Ok(right))) => left.compare(right).is_eq(),
            _ => false,
        },
        _ => false,
    }
}
