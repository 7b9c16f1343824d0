//! The whole system from outside. One binary; its modules mirror the program and the API.

mod audit;
mod audit_chain;
mod audit_streams;
mod cache;
mod certificates_http;
mod contract;
mod health;
mod import;
mod import_corrections;
mod interop;
mod issue;
mod licences;
mod limits;
mod migrations;
mod nodes;
mod privacy;
mod probe;
mod sample_station;
mod shutdown;
mod sign_in;
mod sms_gateway;
mod status_lists;
mod trust;
mod verify_cli;
mod verify_http;
mod wechat_client;
