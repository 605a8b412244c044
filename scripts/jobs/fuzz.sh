# ./dev fuzz [SECONDS] [TARGET…]: every libFuzzer target, or those named, for SECONDS each.
# shellcheck shell=bash

seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
build_native fuzz fuzzers || exit 1
mapfile -t programs <build/fuzz/fuzzers.txt
if (($# > 0)); then
  chosen=()
  for name in "$@"; do
    found=$(printf '%s\n' "${programs[@]}" | grep -- "/$name\$") || die "no target '$name': ${programs[*]##*/}"
    chosen+=("$found")
  done
  programs=("${chosen[@]}")
fi
passed=0 failed=0
for program in "${programs[@]}"; do
  name=${program##*/}
  if step --hint "the inputs are in build/fuzz-findings/$name" "Fuzz $name for $seconds s" \
    run_sanitized tests/fuzz/run-target "$program" "$seconds"; then
    passed=$((passed + 1))
    awk '/^stat::number_of_executed_units/ { runs = $2 } / cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") cov = $(i + 1) }
      END { printf "      %d runs, %d edges\n", runs, cov }' "$STEP_LOG"
  else
    failed=$((failed + 1))
  fi
done
say "" "$passed passed, $failed failed"
((failed == 0))
