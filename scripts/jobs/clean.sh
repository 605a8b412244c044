# ./dev clean [PART…]: removes what was built. The cache (sources, Emscripten, Node.js) stays; its folder is named.
# shellcheck shell=bash

clean_part() {
  case $1 in
    sdk) rm -rf js-api/dist && rm -f "$STAMPS/bundle-js-api" ;;
    web) rm -rf web/dist && rm -f "$STAMPS/bundle-web" ;;
    debug | release | asan | tsan | fuzz | wasm) rm -rf "build/$1" "$STAMPS/configure-$1" ;;
    *) die "no part '$1': sdk web wasm ${NATIVE_PRESETS[*]}" ;;
  esac
}

if (($# > 0)); then
  for part in "$@"; do
    clean_part "$part"
  done
else
  rm -rf build js-api/dist web/dist node_modules
  say "Removed build, dist and node_modules. The cache stays: $CACHE"
fi
