#!/usr/bin/env bash
# A real cluster on this machine: its own Redis, silos and Apis, each a process, on free loopback ports.
#   deploy/cluster.sh up [--silos N] [--apis N]    in the foreground, until Ctrl-C or SIGTERM; prints a line for each, then `ready`
#   deploy/cluster.sh add silo | add api           from another shell: adds one, and prints its line when it has joined
#   deploy/cluster.sh list                         what runs now
# SANDBOX_CLUSTER_STATE   where it keeps its files; two clusters need two of them
# Where Orleans__Clustering__ProviderType is set, all storage is what the environment names, and no Redis is started;
# two clusters with one storage need two Orleans__ClusterId and Orleans__ServiceId.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
state=${SANDBOX_CLUSTER_STATE:-$root/.state/cluster}
join_seconds=90
# A silo takes 90 at most.
stop_seconds=100
# What tells that everything in the folder is ours to remove.
marker=.sandbox-cluster

usage() { sed -n '3,8s/^# *//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { printf 'cluster: %s\n' "$*" >&2; exit 1; }

free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Waits until a file holds a text, or its process has ended.
await() {
  local pid=$1 file=$2 text=$3 deadline=$((SECONDS + join_seconds))
  until grep -q "$text" "$file" 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || { tail -n 20 "$file" >&2; return 1; }
    # Or it would run on, in nobody's list.
    [ $SECONDS -lt $deadline ] || { kill -TERM "$pid" 2>/dev/null; return 1; }
    sleep 0.05
  done
}

is_running() { [ -f "$state/pid" ] && kill -0 "$(cat "$state/pid")" 2>/dev/null; }

# One line a member that lives: kind, number, pid and, where it has one, address.
list() {
  is_running || fail 'no cluster runs here; start one with: deploy/cluster.sh up'
  local kind number pid address
  while read -r kind number _ pid address; do
    if kill -0 "$pid" 2>/dev/null; then printf '%s %s pid %s %s\n' "$kind" "$number" "$pid" "$address" | sed 's/ $//'; fi
  done <"$state/members"
}

# Asks the cluster in the foreground, and prints its answer.
add() {
  is_running || fail 'no cluster runs here; start one with: deploy/cluster.sh up'
  case "${1:-}" in silo | api) ;; *) usage ;; esac
  answer=$(mktemp -u "$state/answer-XXXXXX")
  mkfifo "$answer"
  trap 'rm -f "$answer"' EXIT
  # Open before it is asked for, so that nobody waits for us if we are gone.
  exec 4<>"$answer"
  printf '%s %s\n' "$1" "$answer" >"$state/commands"
  local line
  read -r -t $((join_seconds + 5)) line <&4 || line='failed: the cluster did not answer'
  case "$line" in failed*) fail "${line#failed: }" ;; *) printf '%s\n' "$line" ;; esac
}

# --- the cluster itself

silo_pids=() api_pids=()
silos=0 apis=0

note() { printf '%s\n' "$1" >>"$state/members"; printf '%s\n' "$1"; }

# One Redis for everything that silos keep.
start_redis() {
  local port pid
  port=$(free_port)
  mkdir -p "$state/redis"
  redis-server --port "$port" --bind 127.0.0.1 --dir "$state/redis" --appendonly yes --save '' >"$state/redis.log" 2>&1 &
  pid=$!
  redis_pid=$pid
  await "$pid" "$state/redis.log" 'Ready to accept connections' || fail "redis did not start; see $state/redis.log"
  export Orleans__Clustering__ProviderType=Redis Orleans__Clustering__ConnectionString="127.0.0.1:$port"
  export Orleans__GrainStorage__contexts__ProviderType=Redis Orleans__GrainStorage__contexts__ConnectionString="127.0.0.1:$port"
  export Sandbox__Checkpoints__Store__Kind=Redis Sandbox__Checkpoints__Store__ConnectionString="127.0.0.1:$port"
  note "redis 1 pid $pid 127.0.0.1:$port"
}

start_silo() {
  local number=$((silos += 1)) log pid
  log="$state/silo-$number.log"
  Sandbox__Interpreters__DriversDirectory=${Sandbox__Interpreters__DriversDirectory:-$root/Grains/drivers} \
    dotnet "$root/Silo/bin/Release/net10.0/Sandbox.Cluster.Silo.dll" >"$log" 2>&1 &
  pid=$!
  silo_pids+=("$pid")
  await "$pid" "$log" 'Application started' || return 1
  line="silo $number pid $pid"
}

start_api() {
  local number=$((apis += 1)) log pid address name
  local -a without_records=()
  log="$state/api-$number.log"
  address="http://127.0.0.1:$(free_port)"
  # Orleans makes whatever provider is named, and a client has none for records.
  while read -r name; do without_records+=(-u "$name"); done < <(compgen -e Orleans__GrainStorage__)
  env "${without_records[@]}" ASPNETCORE_URLS="$address" dotnet "$root/Api/bin/Release/net10.0/Sandbox.Cluster.Api.dll" >"$log" 2>&1 &
  pid=$!
  api_pids+=("$pid")
  await "$pid" "$log" 'Application started' || return 1
  line="api $number pid $pid $address"
}

# All of one kind, until `deadline`.
end_all() {
  local pid
  for pid in "$@"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "$@"; do
    while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt "$deadline" ]; do sleep 0.05; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}

stop() {
  trap '' INT TERM
  local deadline=$((SECONDS + stop_seconds))
  # Apis first, so that nobody asks silos that leave; Redis last, because they say goodbye to it.
  end_all ${api_pids[@]+"${api_pids[@]}"}
  end_all ${silo_pids[@]+"${silo_pids[@]}"}
  end_all ${redis_pid:+"$redis_pid"}
  rm -f "$state/pid" "$state/commands" "$state/members"
}

# Nothing waits for one that asked and is gone.
reply() { [ ! -p "$1" ] || printf '%s\n' "$2" 1<>"$1"; }

up() {
  local wanted_silos=3 wanted_apis=2
  while [ $# -gt 0 ]; do
    case "$1" in
      --silos) wanted_silos=${2:?} ;;
      --apis) wanted_apis=${2:?} ;;
      *) usage ;;
    esac
    shift 2
  done
  if is_running; then fail "a cluster runs already, pid $(cat "$state/pid"); SANDBOX_CLUSTER_STATE sets another folder for a second one"; fi
  if [ -z "${Orleans__Clustering__ProviderType:-}" ] && [ -n "$(compgen -e Orleans__GrainStorage__; compgen -e Sandbox__Checkpoints__Store__)" ]; then
    fail 'the environment names storage, but not of the cluster itself: set Orleans__Clustering__ProviderType too, or none of them'
  fi
  "$root/deploy/prerequisites.sh" --cluster
  "$root/deploy/build.sh"

  if [ -d "$state" ] && [ -n "$(ls -A "$state")" ]; then
    [ -f "$state/$marker" ] || fail "$state is not empty and holds no cluster's files; set SANDBOX_CLUSTER_STATE to another folder"
    rm -rf "$state"
  fi
  mkdir -p "$state"
  touch "$state/$marker"
  mkfifo "$state/commands"
  printf '%s' $$ >"$state/pid"
  : >"$state/members"
  trap stop EXIT
  trap 'exit 0' INT TERM

  # Ctrl-C reaches everything in this group; members are ended by us, in order.
  set -m
  export Orleans__ClusterId=${Orleans__ClusterId:-local} Orleans__ServiceId=${Orleans__ServiceId:-sandbox-cluster}
  if [ -z "${Orleans__Clustering__ProviderType:-}" ]; then start_redis; fi
  local line=
  for _ in $(seq "$wanted_silos"); do
    start_silo || fail "silo $silos did not join; see $state/silo-$silos.log"
    note "$line"
  done
  for _ in $(seq "$wanted_apis"); do
    start_api || fail "api $apis did not start; see $state/api-$apis.log"
    note "$line"
  done
  printf 'ready\n'

  local part request='' kind asker
  exec 3<>"$state/commands"
  while true; do
    # A bound, so that a signal is seen at once even where read would sleep through it. It may fall into the middle of a line.
    read -r -t 1 part <&3 || { request+=$part; continue; }
    read -r kind asker <<<"$request$part"
    request=
    if "start_$kind"; then
      note "$line"
      reply "$asker" "$line"
    else
      reply "$asker" "failed: it did not join; see the logs in $state"
    fi
  done
}

case "${1:-}" in
  up) shift; up "$@" ;;
  add) shift; add "$@" ;;
  list) list ;;
  *) usage ;;
esac
