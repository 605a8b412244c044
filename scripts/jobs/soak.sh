# ./dev soak [ARGS]: builds the gateway and the native client, then runs tests/soak/run.mjs.
# shellcheck shell=bash

{ need_node && build_native release ferry-gateway ferry-cli; } || exit 1
cd "$CALLER_FOLDER" || exit 1 # --json FILE means the caller's FILE
say_reduced
exec node "$ROOT/tests/soak/run.mjs" "$@"
