# shellcheck shell=bash
# A private PostgreSQL and a private Redis: on loopback, in a temporary folder, gone with the script. Needs machine.sh.
#
#   trap stop_servers EXIT
#   start_servers fast|durable     exports REXUE_TEST_POSTGRES_URL and REXUE_TEST_REDIS_URL, and for tests that need a
#                                  PostgreSQL of their own REXUE_TEST_POSTGRES_PROGRAMS and REXUE_TEST_POSTGRES_USER

SERVER_PIDS=()
SERVER_FOLDER=
# setpriv becomes the command; the kernel sends it SIGINT (PostgreSQL's fast shutdown) when this shell dies, even by SIGKILL.
ENDING_WITH_US=(setpriv --pdeathsig INT)

# `fast` forgets everything at a crash and is for tests; `durable` keeps PostgreSQL's own defaults and is for measuring.
start_servers() {
  SERVER_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/rexue.XXXXXX")
  chmod 711 "$SERVER_FOLDER"
  start_postgres "$1"
  start_redis
}

# Ends what start_servers started, in any state, and says nothing.
stop_servers() {
  local pid
  for pid in "${SERVER_PIDS[@]}"; do end_process "$pid"; done
  SERVER_PIDS=()
  if [ -n "$SERVER_FOLDER" ]; then rm -rf "$SERVER_FOLDER"; fi
  SERVER_FOLDER=
}

start_postgres() {
  local data="$SERVER_FOLDER/postgres" log="$SERVER_FOLDER/postgres.log" port pid user=postgres
  local as_user=("${ENDING_WITH_US[@]}")
  mkdir "$data"
  touch "$log"
  # PostgreSQL refuses to run as root.
  if is_root; then
    id postgres >/dev/null 2>&1 || user=nobody
    chown "$user" "$data" "$log"
    as_user+=(--reuid="$user" --regid="$(id -g "$user")" --clear-groups)
    export REXUE_TEST_POSTGRES_USER="$user"
  fi
  export REXUE_TEST_POSTGRES_PROGRAMS="$POSTGRES_PROGRAMS"
  "${as_user[@]}" "$POSTGRES_PROGRAMS/initdb" --pgdata="$data" --username=postgres --auth=trust \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >>"$log" 2>&1 || stop "initdb failed: $(tail -n 5 "$log")"

  local options=(-c listen_addresses=127.0.0.1 -c "unix_socket_directories=$data"
    -c max_connections=200 -c shared_buffers=128MB)
  if [ "$1" = fast ]; then options+=(-c fsync=off -c synchronous_commit=off -c full_page_writes=off); fi
  for _ in 1 2 3 4 5; do
    port=$(free_port)
    "${as_user[@]}" "$POSTGRES_PROGRAMS/postgres" -D "$data" -p "$port" "${options[@]}" </dev/null >>"$log" 2>&1 &
    pid=$!
    SERVER_PIDS+=("$pid")
    if answers "$pid" "$POSTGRES_PROGRAMS/pg_isready" --quiet --host=127.0.0.1 --port="$port"; then
      export REXUE_TEST_POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
  done
  stop "PostgreSQL did not start: $(tail -n 5 "$log")"
}

start_redis() {
  local data="$SERVER_FOLDER/redis" log="$SERVER_FOLDER/redis.log" port pid
  mkdir "$data"
  for _ in 1 2 3 4 5; do
    port=$(free_port)
    "${ENDING_WITH_US[@]}" redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$data" \
      </dev/null >>"$log" 2>&1 &
    pid=$!
    SERVER_PIDS+=("$pid")
    if answers "$pid" redis-cli -h 127.0.0.1 -p "$port" ping; then
      export REXUE_TEST_REDIS_URL="redis://127.0.0.1:$port"
      return
    fi
  done
  stop "Redis did not start: $(tail -n 5 "$log")"
}

# Below the range from which the kernel takes ports for outgoing connections.
free_port() {
  local port
  while :; do
    port=$((RANDOM % 12000 + 20000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
}

# Asks until the answer comes, the process has died or 30 seconds have passed.
answers() {
  local pid=$1 deadline=$((SECONDS + 30))
  shift
  while [ "$SECONDS" -lt "$deadline" ] && kill -0 "$pid" 2>/dev/null; do
    if "$@" >/dev/null 2>&1 && kill -0 "$pid" 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  return 1
}

# Asks a child of this shell to end, and ends it after 10 seconds.
end_process() {
  local pid=$1 deadline=$((SECONDS + 10))
  kill -INT "$pid" 2>/dev/null || return 0
  while [ "$SECONDS" -lt "$deadline" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
