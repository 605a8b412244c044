# ./dev check [PART…]: what takes longer than every push may: run it before a change is called done. Every part is a job of its
# own, run to its end whatever became of those before; then one line of totals.
# shellcheck shell=bash

PARTS=(lint fuzz bench soak package tsan) # the short ones first

check_lint() { ./dev lint; }
check_fuzz() { ./dev fuzz 20; }
check_bench() { ./dev bench sfu --quick --no-scaling; }
check_soak() { ./dev soak --minutes 3; }
check_package() { ./dev test package; }
check_tsan() { ./dev test tsan; }

for part in "$@"; do
  [[ " ${PARTS[*]} " == *" $part "* ]] || die "no part '$part': ${PARTS[*]}"
done
(($# == 0)) || PARTS=("$@")

start=$(now_us)
passed=0
lines=()
for part in "${PARTS[@]}"; do
  say "" "Check $part"
  part_start=$(now_us)
  outcome=failed
  if "check_$part"; then
    outcome=passed
    passed=$((passed + 1))
  fi
  lines+=("$(printf '  %-10s %s after %s' "$part" "$outcome" "$(seconds_since "$part_start")")")
done
failed=$((${#PARTS[@]} - passed))
say "" "Totals, after $(seconds_since "$start")" "${lines[@]}" "" "$passed passed, $failed failed"
((failed == 0))
