# ./dev bench NAME [ARGS]: builds what the benchmark measures, then runs tests/bench/NAME/run.mjs.
# shellcheck shell=bash

name=${1:-}
if [[ -z $name || ! -f tests/bench/$name/run.mjs ]]; then
  benches=(tests/bench/*/run.mjs)
  benches=("${benches[@]%/run.mjs}")
  die "which benchmark? ${benches[*]#tests/bench/}"
fi
shift
build_for_bench() {
  case $name in
    # Native clients: no page, no browser.
    sfu) need_node && build_native release ferry-gateway ferry-cli sfu_floor ;;
    room | joins) need_node && build_native release ferry-gateway ferry-cli ;;
    codecs) need_npm_packages && build_native release && build_wasm_all && need_browser ;;
    *) need_npm_packages && build_gateway && build_wasm && build_sdk && build_web && need_browser ;;
  esac
}
build_for_bench || exit 1
cd "$CALLER_FOLDER" || exit 1 # --json FILE means the caller's FILE
say_reduced
exec node "$ROOT/tests/bench/$name/run.mjs" "$@"
