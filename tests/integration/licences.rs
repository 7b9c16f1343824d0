//! Licences: every crate that becomes part of a program can be had under one that `deny.toml` allows.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use tests::support::repository;

/// `cargo metadata` for this machine: what is built here, and nothing of other platforms.
fn metadata() -> Value {
    let host = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform", host];
    let output = Command::new("cargo").args(arguments).current_dir(repository()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The ids of everything that the workspace's packages are built from, without what only tests and builds need.
fn normal_dependencies(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = list(&metadata["workspace_members"]).map(text).collect();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let normal =
                |dependency: &&Value| list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
            open.extend(list(&nodes[id]["deps"]).filter(normal).map(|dependency| text(&dependency["pkg"])));
        }
    }
    seen
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The licences that `deny.toml` allows to all, and the exceptions by crate.
fn allowed() -> (BTreeSet<String>, BTreeMap<String, BTreeSet<String>>) {
    let deny: Value =
        toml::from_str(&std::fs::read_to_string(repository().join("deny.toml")).unwrap()).unwrap();
    let words = |value: &Value| list(value).map(|word| text(word).to_owned()).collect::<BTreeSet<_>>();
    let exceptions = list(&deny["licenses"]["exceptions"])
        .map(|exception| (text(&exception["crate"]).to_owned(), words(&exception["allow"])));
    (words(&deny["licenses"]["allow"]), exceptions.collect())
}

/// Whether an SPDX expression (AND binds more tightly than OR; `/` is an old OR) can be satisfied.
fn is_satisfied(expression: &str, is_allowed: &impl Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let satisfied = any_of(&mut rest, is_allowed);
    assert!(rest.is_empty(), "{expression}");
    satisfied
}

fn any_of(words: &mut &[&str], is_allowed: &impl Fn(&str) -> bool) -> bool {
    let mut satisfied = all_of(words, is_allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        satisfied |= all_of(words, is_allowed);
    }
    satisfied
}

fn all_of(words: &mut &[&str], is_allowed: &impl Fn(&str) -> bool) -> bool {
    let mut satisfied = one(words, is_allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        satisfied &= one(words, is_allowed);
    }
    satisfied
}

fn one(words: &mut &[&str], is_allowed: &impl Fn(&str) -> bool) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let satisfied = any_of(words, is_allowed);
            *words = words.strip_prefix(&[")"]).unwrap();
            satisfied
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            is_allowed(&format!("{licence} WITH {exception}")) || is_allowed(licence)
        }
        [licence, rest @ ..] => {
            *words = rest;
            is_allowed(licence)
        }
        [] => panic!("a licence is missing"),
    }
}

#[test]
fn every_dependency_can_be_had_under_a_permissive_licence() {
    let metadata = metadata();
    let (for_all, exceptions) = allowed();
    let built_in = normal_dependencies(&metadata);

    let mut refused = Vec::new();
    for package in list(&metadata["packages"]).filter(|package| built_in.contains(text(&package["id"]))) {
        let name = text(&package["name"]);
        let own = exceptions.get(name);
        let is_allowed =
            |licence: &str| for_all.contains(licence) || own.is_some_and(|own| own.contains(licence));
        let licence = package["license"].as_str().unwrap_or("none");
        if !is_satisfied(licence, &is_allowed) {
            refused.push(format!("{name}: {licence}"));
        }
    }

    assert!(built_in.len() > 100, "{}", built_in.len());
    assert_eq!(refused, Vec::<String>::new(), "of {} crates; deny.toml says what is allowed", built_in.len());
}

#[test]
fn every_crate_comes_from_crates_io() {
    let metadata = metadata();

    let foreign: Vec<&str> = list(&metadata["packages"])
        .filter(|package| {
            !package["source"].is_null()
                && package["source"] != "registry+https://github.com/rust-lang/crates.io-index"
        })
        .map(|package| text(&package["id"]))
        .collect();

    assert_eq!(foreign, Vec::<&str>::new());
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let mit = |licence: &str| licence == "MIT";

    for yes in
        ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "(GPL-3.0 AND X) OR MIT", "MIT WITH LLVM-exception"]
    {
        assert!(is_satisfied(yes, &mit), "{yes}");
    }
    for no in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR X) AND GPL-3.0", "X OR MIT AND Y"] {
        assert!(!is_satisfied(no, &mit), "{no}");
    }
}
