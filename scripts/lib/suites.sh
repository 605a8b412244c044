# The test suites. Each builds what it tests, runs it, and leaves JUnit reports in build/results/SUITE; a step that fails ends
# its own suite only. The last argument of each is a pattern that narrows it to tests of such a name, or nothing.
# shellcheck shell=bash

RESULTS="$ROOT/build/results"
SUITES=(setup core net gateway proxies client wasm sdk web e2e)
# Only when asked for: the same tests as others in another build, which takes as long again; and what a release publishes,
# installed on bare systems.
EXTRA_SUITES=(tsan package)

see_log="the failed tests are named above; the log has their output"

# Fetching sources from servers that fail, and counting results.
suite_setup() {
  need_packages build setup && need_node &&
    step --hint "$see_log" "Test setup (in Node)" setup_tests "$RESULTS/setup/node.xml" "$1"
}

setup_tests() { node_tests "$1" "$2" "$ROOT"/tests/setup/*.test.mjs; }

# node_tests REPORT PATTERN FILE…
node_tests() {
  local report=$1 pattern=$2
  local -a narrow=()
  [[ -z $pattern ]] || narrow=(--test-name-pattern="$pattern")
  run_sanitized node --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit \
    --test-reporter-destination="$report" "${narrow[@]}" "${@:3}"
}

ctest_in() {
  local suite=$1 pattern=$2
  local -a narrow=()
  [[ -z $pattern ]] || narrow=(-R "$pattern")
  # ASan's own defaults, plus what it leaves off; a leak or undefined behaviour ends the test.
  ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:${ASAN_OPTIONS:-}" \
    UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:${UBSAN_OPTIONS:-}" \
    run_sanitized ctest --test-dir "$ROOT/build/asan/$suite" -j "$(nproc)" --timeout 120 --output-on-failure \
    --output-junit "$RESULTS/$suite/ctest.xml" "${narrow[@]}"
}

native_suite() {
  local part=$1
  build_native asan "$part/all" &&
    step --hint "$see_log" "Test $part (ASan, UBSan)" ctest_in "$part" "$2"
}
suite_core() { native_suite core "$1"; }
suite_net() { native_suite net "$1"; }
suite_gateway() { native_suite gateway "$1"; }

# The gateway behind nginx and HAProxy, as docs/reverse-proxies.md configures them.
suite_proxies() {
  need_proxies && need_node && build_native asan gateway/all &&
    step --hint "$see_log" "Test proxies (in Node)" proxies_tests "$RESULTS/proxies/node.xml" "$1"
}

# Debian starts what it installs; nobody asked for a web server here.
need_proxies() {
  local -a new=()
  local program
  for program in nginx haproxy; do
    [[ -x /usr/sbin/$program ]] || new+=("$program")
  done
  need_packages proxies || return 1
  for program in "${new[@]}"; do
    as_root service "$program" stop || true
    [[ ! -d /run/systemd/system ]] || as_root systemctl disable "$program"
  done
}

proxies_tests() {
  FERRY_GATEWAY="$ROOT/build/asan/gateway/ferry-gateway" node_tests "$1" "$2" "$ROOT"/tests/proxies/*.test.mjs
}

suite_client() { native_suite client "$1"; }

suite_tsan() {
  local rc=0 part
  build_native tsan net/all gateway/all client/all || return 1
  for part in net gateway client; do
    step --hint "$see_log" "Test $part (TSan)" tsan_in "$part" "$1" || rc=1
  done
  return "$rc"
}

tsan_in() {
  local suite=$1 pattern=$2
  local -a narrow=()
  [[ -z $pattern ]] || narrow=(-R "$pattern")
  TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$ROOT/scripts/lib/tsan-suppressions.txt:${TSAN_OPTIONS:-}" \
    run_sanitized ctest --test-dir "$ROOT/build/tsan/$suite" -j "$(nproc)" --timeout 300 --output-on-failure \
    --output-junit "$RESULTS/tsan/$suite.xml" "${narrow[@]}"
}

suite_wasm() {
  need_node && build_wasm_all &&
    step --hint "$see_log" "Test wasm (in Node)" \
      node "$ROOT/scripts/lib/wasm-tests.mjs" "$ROOT/build/wasm" "$RESULTS/wasm" "$1"
}

# typecheck FOLDER: a check that stands in the reports like a test.
typecheck() {
  local folder=$1 report=$2 rc=0
  npm_run typecheck -w "$folder" --if-present || rc=$?
  mkdir -p "$(dirname "$report")"
  printf '<testsuites><testcase classname="%s" name="type check">%s</testcase></testsuites>\n' \
    "$folder" "$( ((rc == 0)) || printf '<failure message="tsc: status %d"/>' "$rc")" >"$report"
  return "$rc"
}

vitest_in() {
  local folder=$1 script=$2 report=$3 pattern=$4
  local -a narrow=()
  [[ -z $pattern ]] || narrow=(-t "$pattern")
  npm_run "$script" -w "$folder" -- --reporter=default --reporter=junit --outputFile.junit="$report" "${narrow[@]}"
}

# workspace_suite SUITE FOLDER PATTERN: one npm workspace's types, its tests, and its tests of the built files (size budgets).
workspace_suite() {
  local suite=$1 folder=$2 pattern=$3 rc=0 script
  step --hint "mend what tsc names" "Check the types of $folder" typecheck "$folder" "$RESULTS/$suite/types.xml" || rc=1
  for script in test test:dist; do
    has_script "$folder" "$script" || continue
    step --hint "$see_log" "Test $folder ($script)" \
      vitest_in "$folder" "$script" "$RESULTS/$suite/${script/:/-}.xml" "$pattern" || rc=1
  done
  return "$rc"
}

suite_sdk() {
  need_npm_packages && build_wasm && build_sdk && workspace_suite sdk js-api "$1"
}

suite_web() {
  need_npm_packages && build_wasm && build_sdk && build_web && workspace_suite web web "$1"
}

package_tests() {
  local name=$1 pattern=$2
  local -a narrow=() command
  [[ -z $pattern ]] || narrow=(--test-name-pattern="$pattern")
  command=("$(command -v node)" --test --test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit
    --test-reporter-destination="$RESULTS/package/$name.xml" "${narrow[@]}" "$ROOT/tests/package/$name.test.mjs")
  if [[ $name == install ]]; then
    as_root env PATH="$PATH" FERRY_CACHE="$CACHE" "${command[@]}"
  else
    "${command[@]}"
  fi
}

suite_package() {
  # shellcheck source=scripts/lib/package.sh
  source "$ROOT/scripts/lib/package.sh"
  build_packages && {
    local rc=0
    step --hint "$see_log" "Test the packages' contents" package_tests contents "$1" || rc=1
    step --hint "$see_log; it needs a Debian mirror" "Test the packages on bare systems" package_tests install "$1" || rc=1
    return "$rc"
  }
}

playwright_in() {
  local pattern=$1
  local -a narrow=()
  [[ -z $pattern ]] || narrow=(-g "$pattern")
  (
    cd "$ROOT/tests/e2e" &&
      PLAYWRIGHT_JUNIT_OUTPUT_FILE="$RESULTS/e2e/playwright.xml" FERRY_GATEWAY="$ROOT/build/release/gateway/ferry-gateway" \
        npx --no-install playwright test --reporter=list,junit "${narrow[@]}"
  )
}

suite_e2e() {
  need_npm_packages && need_browser && build_native release ferry-gateway synthetic_gateway && build_wasm && build_sdk && build_web &&
    {
      local rc=0
      step --hint "mend what tsc names" "Check the types of tests/e2e" typecheck tests/e2e "$RESULTS/e2e/types.xml" || rc=1
      step --hint "$see_log; screenshots of failures: build/e2e" "Test e2e (Playwright)" playwright_in "$1" || rc=1
      return "$rc"
    }
}
