# shellcheck shell=bash
# The tests' Python: a virtual environment in .test/venv with tests/requirements.txt. Needs machine.sh.

# Exports REXUE_TEST_PYTHON. Call it from the repository's root.
prepare_python() {
  local venv="$PWD/.test/venv" wanted
  wanted=$(sha256sum <tests/requirements.txt)
  if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    create_venv "$venv"
    say "installing the tests' Python packages"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
      --requirement tests/requirements.txt >&2 || stop "pip could not install tests/requirements.txt"
    printf '%s\n' "$wanted" >"$venv/installed"
  fi
  export REXUE_TEST_PYTHON="$venv/bin/python"
}

create_venv() {
  try_venv "$1" && return
  install_packages python3-venv
  try_venv "$1" || stop "No python3 here can make a virtual environment (python3 -m venv)."
}

# Debian's python3 lacks venv until python3-venv is there; pyenv's is a shim that may point nowhere. The first that works is taken.
try_venv() {
  local python
  for python in python3 /usr/bin/python3 /usr/local/bin/python3; do
    rm -rf "$1"
    if "$python" -m venv "$1" >/dev/null 2>&1 && "$1/bin/python" -m pip --version >/dev/null 2>&1; then return 0; fi
  done
  return 1
}
