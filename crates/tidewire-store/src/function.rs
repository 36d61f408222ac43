//! The functions of the language beside aggregates and window functions: names and types. Their meaning is in
//! `text_function`, `number_function`, `time_function` and `build_json`.

use crate::effects::{self, Effect};
use crate::{
    SqlError, Type, Value, build_json, json, json_query, number_function, text_function,
    time_function,
};

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Lower,
    Upper,
    Capitals,
    Length,
    Octets,
    Trim,
    TrimStart,
    TrimEnd,
    Substring,
    Left,
    Right,
    PadStart,
    PadEnd,
    Repeat,
    Reverse,
    Replace,
    Translate,
    SplitPart,
    Position,
    StartsWith,
    Code,
    Character,
    Concat,
    /// With a text between.
    ConcatWith,
    LikeEscape,
    Digest,
    Abs,
    Round,
    Truncate,
    Ceil,
    Floor,
    Sign,
    Modulo,
    Quotient,
    Extract,
    DateTruncate,
    MakeDate,
    /// As jsonb?
    BuildObject(bool),
    /// As jsonb?
    BuildArray(bool),
    /// As jsonb?
    ToJson(bool),
    JsonArrayLength,
    JsonKind,
    JsonStrip,
    JsonSet,
    /// As text?
    JsonPath(bool),
    JsonWithout,
    JsonContains,
    JsonHasKey,
    CountNulls,
    CountNonNulls,
    /// Carried out by the store.
    Effect(Effect),
}

/// Bytes that a text made by a statement may have.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// The names of functions, aggregates included; of synonyms one.
pub const NAMES: &[&str] = &[
    "abs",
    "ascii",
    "avg",
    "bool_and",
    "bool_or",
    "btrim",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "chr",
    "clock_timestamp",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "current_date",
    "current_timestamp",
    "date_trunc",
    "dense_rank",
    "div",
    "every",
    "extract",
    "first_value",
    "floor",
    "generate_series",
    "greatest",
    "initcap",
    "json_agg",
    "json_array_elements",
    "json_array_elements_text",
    "json_array_length",
    "json_build_array",
    "json_build_object",
    "json_each",
    "json_each_text",
    "json_object_agg",
    "json_object_keys",
    "json_typeof",
    "jsonb_agg",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_array_length",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_each",
    "jsonb_each_text",
    "jsonb_object_agg",
    "jsonb_object_keys",
    "jsonb_set",
    "jsonb_strip_nulls",
    "jsonb_typeof",
    "lag",
    "last_value",
    "lead",
    "least",
    "left",
    "length",
    "localtimestamp",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "max",
    "md5",
    "min",
    "mod",
    "now",
    "nth_value",
    "ntile",
    "nullif",
    "num_nonnulls",
    "num_nulls",
    "octet_length",
    "pg_typeof",
    "position",
    "rank",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "rpad",
    "rtrim",
    "sign",
    "split_part",
    "starts_with",
    "statement_timestamp",
    "string_agg",
    "strpos",
    "substr",
    "substring",
    "sum",
    "to_json",
    "to_jsonb",
    "transaction_timestamp",
    "translate",
    "trim",
    "trunc",
    "upper",
];

/// Whether there is a function of this name.
pub(crate) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

/// What a function wants at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    Text,
    Integer,
    BigInt,
    Numeric,
    /// Any number; the result has its type.
    Number,
    Json,
    Jsonb,
    /// A day or a time.
    Time,
    /// A time; a day becomes one.
    Timestamp,
    Boolean,
    /// Anything, so often one likes.
    Any,
}

/// What there is to know of a function: itself, what it wants, and the type of what it gives; `None` when that
/// is the type of the arguments.
pub(crate) type Signature = (Function, &'static [Wants], Option<Type>);

/// The function of this name and number of arguments.
pub(crate) fn lookup(name: &str, arguments: usize) -> Option<Signature> {
    use Wants::{Any, Integer, Number, Numeric, Text};
    let text = Some(Type::Text);
    let integer = Some(Type::Integer);
    let numeric = Some(Type::Numeric(None));
    Some(match (name, arguments) {
        ("lower", 1) => (Function::Lower, &[Text], text),
        ("upper", 1) => (Function::Upper, &[Text], text),
        ("initcap", 1) => (Function::Capitals, &[Text], text),
        ("reverse", 1) => (Function::Reverse, &[Text], text),
        ("length" | "char_length" | "character_length", 1) => (Function::Length, &[Text], integer),
        ("octet_length", 1) => (Function::Octets, &[Text], integer),
        ("ascii", 1) => (Function::Code, &[Text], integer),
        ("chr", 1) => (Function::Character, &[Integer], text),
        ("md5", 1) => (Function::Digest, &[Text], text),
        ("trim" | "btrim", 1) => (Function::Trim, &[Text], text),
        ("trim" | "btrim", 2) => (Function::Trim, &[Text, Text], text),
        ("ltrim", 1) => (Function::TrimStart, &[Text], text),
        ("ltrim", 2) => (Function::TrimStart, &[Text, Text], text),
        ("rtrim", 1) => (Function::TrimEnd, &[Text], text),
        ("rtrim", 2) => (Function::TrimEnd, &[Text, Text], text),
        ("substr" | "substring", 2) => (Function::Substring, &[Text, Integer], text),
        ("substr" | "substring", 3) => (Function::Substring, &[Text, Integer, Integer], text),
        ("left", 2) => (Function::Left, &[Text, Integer], text),
        ("right", 2) => (Function::Right, &[Text, Integer], text),
        ("lpad", 2) => (Function::PadStart, &[Text, Integer], text),
        ("lpad", 3) => (Function::PadStart, &[Text, Integer, Text], text),
        ("rpad", 2) => (Function::PadEnd, &[Text, Integer], text),
        ("rpad", 3) => (Function::PadEnd, &[Text, Integer, Text], text),
        ("repeat", 2) => (Function::Repeat, &[Text, Integer], text),
        ("replace", 3) => (Function::Replace, &[Text, Text, Text], text),
        ("translate", 3) => (Function::Translate, &[Text, Text, Text], text),
        ("split_part", 3) => (Function::SplitPart, &[Text, Text, Integer], text),
        ("strpos" | "position", 2) => (Function::Position, &[Text, Text], integer),
        ("starts_with", 2) => (Function::StartsWith, &[Text, Text], Some(Type::Boolean)),
        ("concat", 1..) => (Function::Concat, &[Any], text),
        ("concat_ws", 2..) => (Function::ConcatWith, &[Text, Any], text),
        ("abs", 1) => (Function::Abs, &[Number], None),
        ("round", 1) => (Function::Round, &[Numeric], numeric),
        ("round", 2) => (Function::Round, &[Numeric, Integer], numeric),
        ("trunc", 1) => (Function::Truncate, &[Numeric], numeric),
        ("trunc", 2) => (Function::Truncate, &[Numeric, Integer], numeric),
        ("ceil" | "ceiling", 1) => (Function::Ceil, &[Numeric], numeric),
        ("floor", 1) => (Function::Floor, &[Numeric], numeric),
        ("sign", 1) => (Function::Sign, &[Numeric], numeric),
        ("mod", 2) => (Function::Modulo, &[Number, Number], None),
        ("div", 2) => (Function::Quotient, &[Numeric, Numeric], numeric),
        ("num_nulls", 1..) => (Function::CountNulls, &[Any], integer),
        ("num_nonnulls", 1..) => (Function::CountNonNulls, &[Any], integer),
        _ => {
            return lookup_time(name, arguments)
                .or_else(|| lookup_json(name, arguments))
                .or_else(|| {
                    let (effect, wants, gives) = effects::lookup(name, arguments)?;
                    Some((Function::Effect(effect), wants, gives))
                });
        }
    })
}

fn lookup_time(name: &str, arguments: usize) -> Option<Signature> {
    use Wants::{Integer, Text, Time, Timestamp};
    Some(match (name, arguments) {
        ("extract", 2) => (Function::Extract, &[Text, Time], Some(Type::Numeric(None))),
        ("date_trunc", 2) => (Function::DateTruncate, &[Text, Timestamp], None),
        ("make_date", 3) => (
            Function::MakeDate,
            &[Integer, Integer, Integer],
            Some(Type::Date),
        ),
        _ => return None,
    })
}

fn lookup_json(name: &str, arguments: usize) -> Option<Signature> {
    use Wants::{Any, Boolean, Json, Jsonb, Text};
    let (json, jsonb) = (Some(Type::Json), Some(Type::Jsonb));
    let integer = Some(Type::Integer);
    let text = Some(Type::Text);
    Some(match (name, arguments) {
        ("jsonb_build_object", _) => (Function::BuildObject(true), &[Any], jsonb),
        ("json_build_object", _) => (Function::BuildObject(false), &[Any], json),
        ("jsonb_build_array", _) => (Function::BuildArray(true), &[Any], jsonb),
        ("json_build_array", _) => (Function::BuildArray(false), &[Any], json),
        ("to_jsonb", 1) => (Function::ToJson(true), &[Any], jsonb),
        ("to_json", 1) => (Function::ToJson(false), &[Any], json),
        ("jsonb_array_length", 1) => (Function::JsonArrayLength, &[Jsonb], integer),
        ("json_array_length", 1) => (Function::JsonArrayLength, &[Json], integer),
        ("jsonb_typeof", 1) => (Function::JsonKind, &[Jsonb], text),
        ("json_typeof", 1) => (Function::JsonKind, &[Json], text),
        ("jsonb_strip_nulls", 1) => (Function::JsonStrip, &[Jsonb], jsonb),
        ("jsonb_set", 3) => (Function::JsonSet, &[Jsonb, Text, Jsonb], jsonb),
        ("jsonb_set", 4) => (Function::JsonSet, &[Jsonb, Text, Jsonb, Boolean], jsonb),
        _ => return None,
    })
}

/// The value of a call. Arguments have the wanted kinds or are null.
pub(crate) fn call(function: Function, arguments: &[Value]) -> Result<Value, SqlError> {
    match function {
        Function::Concat => return concat(arguments, None),
        Function::ConcatWith => {
            return match arguments.split_first() {
                Some((Value::Text(between), rest)) => concat(rest, Some(between)),
                _ => Ok(Value::Null),
            };
        }
        Function::BuildObject(normal) => return build_json::object(arguments, normal, false),
        Function::BuildArray(normal) => return build_json::array(arguments.iter(), normal),
        Function::CountNulls | Function::CountNonNulls => {
            let nulls = arguments.iter().filter(|value| value.is_null()).count();
            let count = match function {
                Function::CountNulls => nulls,
                _ => arguments.len() - nulls,
            };
            return Ok(Value::Integer(count as i64));
        }
        _ => {}
    }
    if arguments.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    match (function, arguments) {
        (Function::Extract | Function::DateTruncate, [Value::Text(field), of]) => {
            time_function::call(function, field, of)
        }
        (
            Function::MakeDate,
            [
                Value::Integer(year),
                Value::Integer(month),
                Value::Integer(day),
            ],
        ) => crate::datetime::days(*year, *month, *day)
            .map(Value::Date)
            .ok_or_else(|| {
                SqlError::new(
                    b"22008",
                    format!("date field value out of range: {year}-{month:02}-{day:02}"),
                )
            }),
        (Function::ToJson(normal), [value]) => {
            let text = build_json::to_json(value);
            match normal {
                true => json::normalize(&text).and_then(bounded_json),
                false => bounded_json(text),
            }
        }
        (Function::Digest, [Value::Text(text)]) => Ok(Value::text(crate::md5::digest(text))),
        (_, [Value::Text(text), rest @ ..]) => text_function::call(function, text, rest),
        (_, [Value::Json(text), rest @ ..]) => json_function(function, text, rest),
        _ => number_function::call(function, arguments),
    }
}

/// Texts one behind the other, nulls left out.
fn concat(parts: &[Value], between: Option<&str>) -> Result<Value, SqlError> {
    let parts = parts.iter().filter(|value| !value.is_null());
    let parts: Vec<String> = parts
        .map(|value| match value {
            Value::Boolean(true) => "t".to_string(),
            Value::Boolean(false) => "f".to_string(),
            other => other.to_string(),
        })
        .collect();
    bounded_text(parts.join(between.unwrap_or("")))
}

fn json_function(function: Function, text: &str, rest: &[Value]) -> Result<Value, SqlError> {
    match (function, rest) {
        (Function::JsonArrayLength, _) => match text.trim_start().as_bytes().first() {
            Some(b'[') => Ok(Value::Integer(json::elements(text).len() as i64)),
            Some(b'{') => {
                let message = "cannot get array length of a non-array";
                Err(SqlError::new(b"22023", message))
            }
            _ => Err(SqlError::new(
                b"22023",
                "cannot get array length of a scalar",
            )),
        },
        (Function::JsonKind, _) => Ok(Value::text(json_query::kind(text))),
        (Function::JsonStrip, _) => build_json::strip_nulls(text),
        (Function::JsonSet, [Value::Text(path), Value::Json(value), rest @ ..]) => {
            let create = !matches!(rest, [Value::Boolean(false)]);
            build_json::set(text, &json_query::path(path)?, value, create)
                .and_then(|text| json::normalize(&text))
                .and_then(bounded_json)
        }
        (Function::JsonPath(as_text), [Value::Text(path)]) => {
            let mut found = Some(text);
            for step in json_query::path(path)? {
                found = found.and_then(|text| json_query::step(text, &step));
            }
            Ok(match found {
                Some(found) if as_text => {
                    json::unquoted(found).map_or(Value::Null, |text| Value::text(&*text))
                }
                Some(found) => Value::Json(found.into()),
                None => Value::Null,
            })
        }
        (Function::JsonWithout, [which]) => build_json::without(text, which),
        (Function::JsonContains, [Value::Json(part)]) => {
            Ok(Value::Boolean(json_query::contains(text, part)))
        }
        (Function::JsonHasKey, [Value::Text(key)]) => {
            Ok(Value::Boolean(json_query::has_key(text, key)))
        }
        _ => Ok(Value::Null),
    }
}

/// Text within the limit of a value.
pub(crate) fn bounded_text(text: String) -> Result<Value, SqlError> {
    if text.len() > MAX_TEXT {
        return Err(too_long());
    }
    Ok(Value::text(text))
}

/// JSON within the limit of a value.
pub(crate) fn bounded_json(text: String) -> Result<Value, SqlError> {
    if text.len() > MAX_TEXT {
        return Err(too_long());
    }
    Ok(Value::Json(text.into()))
}

pub(crate) fn too_long() -> SqlError {
    SqlError::new(
        b"54000",
        format!("a value would be longer than {MAX_TEXT} bytes, the limit of this store"),
    )
}
