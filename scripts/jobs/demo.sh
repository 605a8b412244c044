# ./dev demo [FLAGS]: builds what the demo needs, then runs the gateway with its embedded defaults in the foreground.
# shellcheck shell=bash

say "Preparing the demo"
sets=(build wasm)
node_is_new_enough || sets+=(node)
need_packages "${sets[@]}" || exit 1
ahead fetch_for_pages
build_gateway && build_wasm && build_sdk && build_web || exit 1
say ""
say_reduced
exec "$ROOT/build/release/gateway/ferry-gateway" --demo --demo-dir "$ROOT/web/dist" --sdk-dir "$ROOT/js-api/dist" \
  --data-dir "$ROOT/build/demo-data" "$@"
