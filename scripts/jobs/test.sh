# ./dev test [SUITE [NAME]]: every suite, one after the other, whatever became of those before; then one line of totals.
# shellcheck shell=bash
# shellcheck source=scripts/lib/suites.sh
source "$ROOT/scripts/lib/suites.sh"

pattern=${2:-}
if (($# > 0)); then
  [[ " ${SUITES[*]} ${EXTRA_SUITES[*]} " == *" $1 "* ]] || die "no suite '$1': ${SUITES[*]} ${EXTRA_SUITES[*]}"
  SUITES=("$1")
fi
start=$(now_us)
rm -rf "$RESULTS"

# One run of apt for everything that the suites need, so that the slow part of a first run is one line.
if ((${#SUITES[@]} > 1)); then
  say "Preparing"
  need_packages build setup wasm || true
  need_proxies || true
  need_node || true
  need_browser || true
  ahead fetch_for_pages
fi

status=()
for suite in "${SUITES[@]}"; do
  say "" "Suite $suite"
  rc=0
  mkdir -p "$RESULTS/$suite"
  "suite_$suite" "$pattern" || rc=$?
  status+=("$rc")
done

say "" "Totals, after $(seconds_since "$start")"
if ! command -v node >/dev/null; then
  say "" "0 passed, ${#SUITES[@]} failed"
  exit 1
fi
for i in "${!SUITES[@]}"; do
  node scripts/lib/results.mjs suite "${SUITES[i]}" "$RESULTS/${SUITES[i]}" "${status[i]}" build/asan/not-built.txt
done
say ""
say_reduced
node scripts/lib/results.mjs totals "$RESULTS"
