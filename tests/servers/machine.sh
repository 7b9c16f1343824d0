# shellcheck shell=bash
# What this machine lacks: found, installed where that is possible, or named with the command that installs it.

have() { command -v "$1" >/dev/null 2>&1; }

say() { printf '%s\n' "$*" >&2; }

stop() { say "$*"; exit 1; }

require_rust() {
  # rustup's own place, which a fresh shell may not have on its PATH.
  if ! have cargo && [ -x "$HOME/.cargo/bin/cargo" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi
  have cargo || stop "Rust is missing. Install it with: curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
}

require_c_compiler() {
  local missing=()
  have cc || missing+=(build-essential)
  have pkg-config || missing+=(pkg-config)
  install_packages "${missing[@]}"
}

require_servers() {
  local missing=()
  find_postgres || missing+=(postgresql)
  have redis-server || missing+=(redis-server)
  install_packages "${missing[@]}"
  find_postgres || stop "PostgreSQL's initdb was not found, neither on the PATH nor in /usr/lib/postgresql."
}

# Debian keeps the server's programs off the PATH, one folder a version: the newest is taken. Sets POSTGRES_PROGRAMS.
find_postgres() {
  local program
  program=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1) || true
  program=${program:-$(command -v initdb || true)}
  POSTGRES_PROGRAMS=$(dirname "${program:-.}")
  [ -n "$program" ]
}

# Kannel's programs, which tests start themselves. Exports REXUE_TEST_KANNEL_PROGRAMS, the folder of bearerbox and smsbox, and
# REXUE_TEST_FAKESMSC.
require_kannel() {
  local missing=()
  find_kannel || missing+=(kannel)
  find_fakesmsc || missing+=(kannel-extras)
  install_packages "${missing[@]}"
  find_kannel || stop "Kannel's bearerbox and smsbox were not found, neither on the PATH nor in /usr/sbin."
  find_fakesmsc || stop "Kannel's fakesmsc was not found, neither on the PATH nor in /usr/lib/kannel/test."
}

find_kannel() {
  local program
  program=$(PATH="$PATH:/usr/sbin" command -v bearerbox) || return 1
  REXUE_TEST_KANNEL_PROGRAMS=$(dirname "$program")
  export REXUE_TEST_KANNEL_PROGRAMS
  [ -x "$REXUE_TEST_KANNEL_PROGRAMS/smsbox" ]
}

find_fakesmsc() {
  REXUE_TEST_FAKESMSC=$(PATH="$PATH:/usr/lib/kannel/test" command -v fakesmsc) || return 1
  export REXUE_TEST_FAKESMSC
}

install_packages() {
  [ $# -gt 0 ] || return 0
  local by_hand="apt-get update && apt-get install -y --no-install-recommends $*"
  if ! have apt-get || ! { is_root || have sudo; }; then stop "Missing here: $*. On Debian, as root: $by_hand"; fi

  say "installing: $*"
  as_root apt-get update -qq >/dev/null || stop "apt-get update failed. By hand, as root: $by_hand"
  # RUNLEVEL=1 keeps packages that ask sysvinit from starting a service; systemd does not look at it, hence the line after.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    stop "apt-get install failed. By hand, as root: $by_hand"
  stop_fresh_services "$@"
}

# Only services whose package was installed just now: one that was here before is somebody's.
stop_fresh_services() {
  local package
  for package in "$@"; do
    case $package in
      postgresql | redis-server | kannel) as_root service "$package" stop >/dev/null 2>&1 || true ;;
    esac
  done
}

is_root() { [ "$(id -u)" = 0 ]; }

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }
