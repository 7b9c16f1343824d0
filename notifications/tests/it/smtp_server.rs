//! Starts `tests/servers/smtp_server.py`, one for each test.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::python::python;

pub struct SmtpServer {
    process: Child,
    pub port: u16,
    folder: TempDir,
}

impl SmtpServer {
    pub fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let complaints = folder.path().join("complaints.log");

        let mut process = python("servers/smtp_server.py")
            .arg(folder.path())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&complaints).unwrap())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();

        let port =
            port.trim().parse().unwrap_or_else(|_| panic!("{}", fs::read_to_string(&complaints).unwrap()));

        Self { process, port, folder }
    }

    pub fn certificate_authority(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("ca.pem")).unwrap()
    }

    pub fn letter(&self, number: u32) -> Value {
        serde_json::from_slice(&fs::read(self.folder.path().join(format!("{number}.json"))).unwrap()).unwrap()
    }

    pub fn letter_bytes(&self, number: u32) -> Vec<u8> {
        fs::read(self.folder.path().join(format!("{number}.eml"))).unwrap()
    }

    pub fn letters(&self) -> usize {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|kind| kind == "eml")).count()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
