# The browser of the end-to-end tests and benchmarks: exports CHROMIUM, the program Playwright starts. Sourced by dev.
# shellcheck shell=bash

find_browser() {
  local name
  for name in "${CHROMIUM:-}" chromium-headless-shell chromium chromium-browser google-chrome; do
    [[ -n $name ]] || continue
    name=$(command -v "$name") || continue
    # Ubuntu's chromium is a snap, which sees neither the build folder nor a headless machine.
    [[ $(readlink -f "$name") != */snap* ]] && ! grep -qs 'snap' "$name" && printf '%s\n' "$name" && return 0
  done
  return 1
}

need_browser() {
  if [[ -z ${CHROMIUM:-} ]] && grep -qsE '^ID=debian' /etc/os-release; then
    need_packages browser || return 1
  fi
  if ! CHROMIUM=$(find_browser); then
    warn "no Chromium found: Ubuntu's is a snap; set CHROMIUM=/path/to/chromium, or put one on the PATH"
    return 1
  fi
  export CHROMIUM
}
