# ./dev build [PART…]: see help.
# shellcheck shell=bash

build_part() {
  case $1 in
    all) build_all ;;
    debug | release | asan | tsan | fuzz) build_native "$1" ;;
    gateway) build_gateway ;;
    wasm) build_wasm ;;
    sdk) build_wasm && build_sdk ;;
    web) build_wasm && build_sdk && build_web ;;
    *) die "no part '$1': all gateway wasm sdk web ${NATIVE_PRESETS[*]}" ;;
  esac
}

(($# > 0)) || set -- all
for part in "$@"; do
  build_part "$part" || exit 1
done
