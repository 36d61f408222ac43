//! Writes the table of lessons from the folders of `gallery/`, so that no reader of `case.toml` ships.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let gallery = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"))
        .join("../../gallery")
        .components()
        .collect::<PathBuf>();
    println!("cargo::rerun-if-changed={}", gallery.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut table = String::from("&[\n");
    let mut cases = String::from("&[\n");
    for folder in lesson_folders(&gallery) {
        table.push_str(&lesson(&folder));
        let slug = folder.file_name().unwrap_or_default().to_string_lossy();
        let case = folder.join("case.toml").display().to_string();
        writeln!(cases, "({slug:?}, include_str!({case:?})),").expect("writing to a string");
    }
    table.push_str("]\n");
    cases.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("lessons.rs"), table).expect("the output folder can be written");
    fs::write(out.join("cases.rs"), cases).expect("the output folder can be written");
}

fn lesson_folders(gallery: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(gallery)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("case.toml").is_file() && path.join("scenario.tide").is_file())
        .collect();
    folders.sort();
    folders
}

fn lesson(folder: &Path) -> String {
    let case = folder.join("case.toml");
    let text = fs::read_to_string(&case).expect("case.toml can be read");
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => panic!("{}: {error}", case.display()),
    };
    let field = |name: &str| {
        table
            .get(name)
            .and_then(toml::Value::as_str)
            .unwrap_or_else(|| panic!("{}: {name} is missing", case.display()))
            .to_owned()
    };
    let order = table
        .get("order")
        .and_then(toml::Value::as_integer)
        .unwrap_or(100);
    let slug = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut result = String::new();
    writeln!(
        result,
        "Lesson {{ slug: {slug:?}, title: {:?}, group: {:?}, promise: {:?}, order: {order}, designs: &[",
        field("title"),
        field("group"),
        field("promise"),
    )
    .expect("writing to a string");
    for design in table
        .get("design")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name: &str| design.get(name).and_then(toml::Value::as_str).unwrap_or("");
        let holds = text("verdict") == "holds";
        writeln!(
            result,
            "LessonDesign {{ name: {:?}, holds: {holds} }},",
            text("name")
        )
        .expect("writing to a string");
    }
    let scenario = folder.join("scenario.tide");
    println!("cargo::rerun-if-changed={}", case.display());
    writeln!(
        result,
        "], text: include_str!({:?}) }},",
        scenario.display().to_string()
    )
    .expect("writing to a string");
    result
}
