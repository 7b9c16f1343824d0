//! Migrations: up, down and up again; and the same tables on both databases.

use rexue::store::migrations;
use std::collections::BTreeSet;
use tests::on_both;
use tests::support::{Kind, Station};

/// Tables, columns with type and nullability, and indexes, in words that both databases share.
fn schema(station: &Station, kind: Kind) -> BTreeSet<String> {
    let (columns, indexes) = match kind {
        Kind::Sqlite => (
            "SELECT t.name || '.' || c.name || ' ' || lower(c.type) || ' ' || CASE c.\"notnull\" WHEN 1 THEN 'not null' ELSE 'null' END AS text
             FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'",
            "SELECT CASE i.\"unique\" WHEN 1 THEN 'unique ' ELSE 'index ' END || t.name || ' ('
                 || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')' AS text
             FROM sqlite_master t, pragma_index_list(t.name) i WHERE t.type = 'table'",
        ),
        Kind::Postgres => (
            "SELECT table_name || '.' || column_name || ' '
                 || replace(replace(data_type, 'timestamp without time zone', 'timestamp'), 'character varying', 'varchar') || ' '
                 || CASE is_nullable WHEN 'NO' THEN 'not null' ELSE 'null' END AS text
             FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT CASE i.indisunique WHEN true THEN 'unique ' ELSE 'index ' END || t.relname || ' ('
                 || (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY AS k (number, place)
                     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')' AS text
             FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
             WHERE n.nspname = 'public'",
        ),
    };
    let everything = station.texts(columns).into_iter().chain(station.texts(indexes));
    // Diesel's own table is diesel's own business.
    everything.filter(|line| !line.contains("__diesel") && !line.contains("sqlite_")).collect()
}

fn up_down_and_up(kind: Kind) {
    let station = Station::bare(kind);
    let pool = station.pool();

    pool.write_blocking(migrations::run).unwrap();
    let first = schema(&station, kind);
    pool.write_blocking(migrations::revert_all).unwrap();
    let nothing = schema(&station, kind);
    pool.write_blocking(migrations::run).unwrap();
    let second = schema(&station, kind);

    assert!(first.len() > 50, "{first:#?}");
    assert_eq!(nothing, BTreeSet::new());
    assert_eq!(second, first);
}

#[test]
fn up_down_and_up_again_on_sqlite() {
    up_down_and_up(Kind::Sqlite);
}

#[test]
fn up_down_and_up_again_on_postgres() {
    up_down_and_up(Kind::Postgres);
}

#[test]
fn both_databases_have_the_same_tables_columns_and_indexes() {
    let of = |kind| {
        let station = Station::bare(kind);
        station.rexue(["migrate"]).well();
        schema(&station, kind)
    };

    let (sqlite, postgres) = (of(Kind::Sqlite), of(Kind::Postgres));

    assert_eq!(sqlite.difference(&postgres).collect::<Vec<_>>(), Vec::<&String>::new(), "only on SQLite");
    assert_eq!(postgres.difference(&sqlite).collect::<Vec<_>>(), Vec::<&String>::new(), "only on PostgreSQL");
}

#[test]
fn nodes_that_start_together_take_turns() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let station = Station::bare(kind);
        let migrate = || station.command(["migrate"]).stderr(std::process::Stdio::piped()).spawn().unwrap();

        let nodes = [migrate(), migrate(), migrate()];

        for node in nodes {
            tests::support::Ran::new(node.wait_with_output().unwrap()).well();
        }
        assert!(schema(&station, kind).len() > 50);
    }
}

on_both! {
    fn migrating_again_changes_nothing(station) {
        station.import(&tests::support::Town::of(1));

        station.rexue(["migrate"]).well();

        assert_eq!(station.count("donations"), 2);
    }

    fn a_column_that_is_gone_is_a_clear_failure_and_no_panic(station) {
        station.execute("ALTER TABLE donors DROP COLUMN rh").unwrap();
        let town = tests::support::Town::of(1);
        let file = station.file("donors.csv", town.donors());

        let ran = station.rexue(["import", "--donors", file.to_str().unwrap()]).with_code(1);

        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        assert!(ran.err.contains("database"), "{}", ran.err);
        assert_eq!(station.count("donors"), 0);
    }
}
