//! The first line: what this file is, and in which schema.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// The schema that is read and written.
const SCHEMA: u64 = 1;

const NAME: &str = "perjury-history";

/// The header as written, with the end of its line.
pub(super) const TEXT: &str = "{\"format\":\"perjury-history\",\"schema\":1}\n";

#[derive(Deserialize)]
struct Header {
    format: Option<Value>,
    schema: Option<Value>,
    r#type: Option<IgnoredAny>,
}

/// Whether this first line is a header; if not, it should be an event. A header that promises
/// something that we cannot read is an error.
pub(super) fn is_header(text: &str) -> Result<bool, String> {
    let Ok(Header { format: Some(format), schema, r#type: None }) = serde_json::from_str(text) else {
        return Ok(false);
    };
    if format != NAME {
        return Err(format!("the header says format {format}, but this reads \"{NAME}\""));
    }
    match schema {
        Some(schema) if schema == SCHEMA => Ok(true),
        Some(schema) => Err(format!("a history of schema {schema}, but this version reads schema {SCHEMA}")),
        None => Err(format!("the header names no schema; this version reads schema {SCHEMA}")),
    }
}
