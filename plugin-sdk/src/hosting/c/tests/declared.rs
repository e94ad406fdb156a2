//! The structs of `abi.rs`, read from its source, in the words of C.

use std::collections::BTreeMap;

/// A struct's name and its fields, each with its type.
type Struct = (String, Vec<(String, String)>);

/// The part of `text` between two marks.
pub(super) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}

/// C without its comments.
pub(super) fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    let code = parts.filter_map(|part| part.split_once("*/"));
    code.fold(first, |all, (_, code)| all + code)
}

/// What a field is called in C.
pub(super) fn in_c(field: &str) -> &str {
    if field == "this" { "self" } else { field }
}

/// All structs of a source whose declarations have no generics and no attributes in their bodies.
pub(super) fn structs(source: &str) -> Vec<Struct> {
    let lines = source.lines().filter(|line| !line.trim().starts_with("//"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let source = words
        .join(" ")
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(",)", ")");
    let aliases = aliases(&source);
    let mut parts = source.split("pub(super) struct ");
    parts.next();
    parts
        .map(|part| {
            let (name, rest) = part.split_once(" { ").expect("a body");
            let name = c_name(name);
            let body = rest.split_once('}').expect("its end").0;
            let mut fields = body.split("pub(super) ");
            fields.next();
            let fields = fields.map(|field| {
                let (field, kind) = field
                    .trim()
                    .trim_end_matches(',')
                    .split_once(": ")
                    .expect("a type");
                (in_c(field).to_owned(), c_type(kind, &name, &aliases))
            });
            (name.clone(), fields.collect())
        })
        .collect()
}

/// `type Open = unsafe extern "C" fn(..) -> i32;`
fn aliases(source: &str) -> BTreeMap<&str, &str> {
    let mut parts = source.split("pub(super) type ");
    parts.next();
    parts
        .filter_map(|part| part.split_once(';')?.0.split_once(" = "))
        .collect()
}

/// `CPlugin` is `aiperf_plugin`.
fn c_name(name: &str) -> String {
    let short = name
        .strip_prefix('C')
        .filter(|rest| rest.starts_with(char::is_uppercase));
    format!("aiperf_{}", short.unwrap_or(name).to_lowercase())
}

fn c_type(kind: &str, this: &str, aliases: &BTreeMap<&str, &str>) -> String {
    let kind = kind.trim();
    let inner = |rest: &str| c_type(rest, this, aliases);
    if let Some(rest) = kind.strip_prefix("*const ") {
        return format!("{} const *", inner(rest)).replace("* const *", "*const *");
    }
    if let Some(rest) = kind.strip_prefix("*mut ") {
        return format!("{} *", inner(rest)).replace("* *", "**");
    }
    if let Some(name) = kind
        .strip_prefix("Option<")
        .and_then(|rest| rest.strip_suffix('>'))
    {
        return inner(aliases[name]);
    }
    if let Some(array) = kind
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let (item, length) = array.split_once("; ").expect("a length");
        return format!("{}[{length}]", inner(item));
    }
    if let Some(function) = kind
        .trim_start_matches("unsafe ")
        .strip_prefix("extern \"C\" fn(")
    {
        let (arguments, result) = function.split_once(')').expect("its end");
        let result = result
            .trim()
            .strip_prefix("-> ")
            .map_or("void".to_owned(), inner);
        let arguments: Vec<String> = arguments.split(", ").map(inner).collect();
        return format!("{result} (*)({})", arguments.join(", "));
    }
    match kind {
        "Self" => this.to_owned(),
        "usize" => "size_t".to_owned(),
        "f64" => "double".to_owned(),
        "c_char" => "char".to_owned(),
        "c_void" => "void".to_owned(),
        "i32" => "int32_t".to_owned(),
        "i64" => "int64_t".to_owned(),
        "u32" => "uint32_t".to_owned(),
        "u64" => "uint64_t".to_owned(),
        name => c_name(name),
    }
}
