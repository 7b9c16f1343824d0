//! Rexue 热血: the donor-facing mobile backend of a blood station, and the issuer of its electronic
//! donation certificate.
//!
//! `ARCHITECTURE.md` tells which room is for what, and the walk of one request through them.

pub mod actions;
pub mod cache;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod error;
pub mod group;
pub mod jobs;
mod jwt;
pub mod keyring;
pub mod links;
pub mod passwords;
pub mod questionnaires;
pub mod records;
pub mod rules;
pub mod store;
pub mod telemetry;
pub mod tokens;
pub mod vault;
pub mod web;
pub mod wechat;
