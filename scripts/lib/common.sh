# What every job shares: messages, steps with their time and log, stamps. Sourced by dev.
# shellcheck shell=bash

LOGS="$ROOT/build/logs"
STAMPS="$ROOT/build/stamps"
CACHE="${FERRY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ferry}"
STEP_LOG="$LOGS/none.log"

say() { printf '%s\n' "$@"; }
warn() { printf 'dev: %s\n' "$*" >&2; }
die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# seconds_since MICROSECONDS: "12.3 s" or "4 min 05 s" since a moment that now_us told.
now_us() { printf '%s' "${EPOCHREALTIME/[.,]/}"; }
seconds_since() {
  local ms=$((($(now_us) - $1) / 1000))
  if ((ms < 60000)); then
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
  else
    printf '%d min %02d s' $((ms / 60000)) $((ms / 1000 % 60))
  fi
}

# show_progress LABEL LOG START: on a terminal, how long a step runs and how far it is by ninja's own count, until ended.
show_progress() {
  local mark
  while sleep 1; do
    mark=$(tail -c 4000 "$2" | grep -oE '^\[[0-9]+/[0-9]+\]' | tail -n 1) || true
    printf '\r\033[K  %-58s %10s  %s' "$1" "$(seconds_since "$3")" "$mark"
  done
}

# step [--hint TEXT] LABEL COMMAND…: runs a command with its output in a log of its own, and prints one line: what,
# and how long it took. When the command fails: the log's tail, the command, and what to do. Functions that
# are run so join their commands by &&, because `set -e` does not reach into a tested command.
step() {
  local hint=""
  if [[ $1 == --hint ]]; then
    hint=$2
    shift 2
  fi
  local label=$1 slug start rc=0 progress=""
  shift
  slug=${label,,}
  slug=${slug//[^a-z0-9]/-}
  mkdir -p "$LOGS"
  STEP_LOG="$LOGS/${slug:0:60}.log"
  printf '  %-58s ' "$label"
  start=$(now_us)
  : >"$STEP_LOG"
  if [[ -t 1 ]]; then
    show_progress "$label" "$STEP_LOG" "$start" &
    progress=$!
  fi
  "$@" >"$STEP_LOG" 2>&1 </dev/null || rc=$?
  if [[ -n $progress ]]; then
    kill "$progress"
    wait "$progress" 2>/dev/null || true
    printf '\r\033[K  %-58s ' "$label"
  fi
  if ((rc == 0)); then
    printf '%10s\n' "$(seconds_since "$start")"
    return 0
  fi
  printf 'failed after %s\n\n' "$(seconds_since "$start")"
  # Test runners may end with long warnings; the cause stands within the last lines all the same.
  tail -n 40 "$STEP_LOG" | cut -c1-400 | sed 's/^/    | /'
  printf '\n    command  %s\n    status   %d\n    log      %s\n' "$*" "$rc" "${STEP_LOG#"$ROOT"/}"
  [[ -z $hint ]] || printf '    to do    %s\n' "$hint"
  printf '\n'
  return "$rc"
}

# ahead COMMAND…: begins in the background what steps below will want, because it waits for the network while they
# compile. It shows nothing: what it did not get done, the step that wants it does, and says what is wrong.
AHEAD=()
ahead() {
  local log="$LOGS/ahead.log"
  mkdir -p "$LOGS"
  "$@" >"$log" 2>&1 </dev/null &
  AHEAD+=($!)
}
wait_ahead() {
  ((${#AHEAD[@]} == 0)) || wait "${AHEAD[@]}" || true
  AHEAD=()
}

# skipped LABEL: the line of a step that has nothing to do.
skipped() { printf '  %-58s %10s\n' "$1" "up to date"; }

# hash_of PATH…: one hash of the contents (and names) of files and folders; what is absent counts as absent.
hash_of() {
  local path
  for path in "$@"; do
    if [[ -e $path ]]; then
      find "$path" -type f -not -path '*/node_modules/*' -not -path "$ROOT/js-api/dist/*" -not -path "$ROOT/web/dist/*" -print0 |
        sort -z | xargs -0 -r sha256sum
    else
      printf 'absent %s\n' "$path"
    fi
  done | sha256sum | cut -d' ' -f1
}

# A stamp remembers the hash of a step's inputs; the step is skipped while the hash is the same.
is_stamped() { [[ -f $STAMPS/$1 && $(<"$STAMPS/$1") == "$2" ]]; }
stamp() {
  mkdir -p "$STAMPS"
  printf '%s' "$2" >"$STAMPS/$1"
}

# once NAME COMMAND…: what several suites need is made by the first of them; the others learn how that ended.
declare -A OUTCOMES=()
once() {
  local name=$1 rc=0
  shift
  if [[ -z ${OUTCOMES[$name]:-} ]]; then
    "$@" || rc=$?
    OUTCOMES[$name]=$rc
  elif ((OUTCOMES[$name] != 0)); then
    printf '  %-58s failed above\n' "$name"
  fi
  return "${OUTCOMES[$name]}"
}

# jobs_for_building: as many compilers as cores, and no more than memory allows (2 GB for each under sanitizers).
# JOBS overrides.
jobs_for_building() {
  local cores memory_gb
  [[ -z ${JOBS:-} ]] || { printf '%d' "$JOBS"; return 0; }
  cores=$(nproc)
  memory_gb=$(awk '/MemAvailable/ { print int($2 / 2000000) }' /proc/meminfo)
  ((memory_gb < 1)) && memory_gb=1
  printf '%d' $((cores < memory_gb ? cores : memory_gb))
}
