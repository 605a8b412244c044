# Building each part. Sourced by dev. Every function installs what its part needs first, and leaves the deciding of what is
# up to date to the tool that knows: ninja for C++, content hashes for the JavaScript bundles.
# shellcheck shell=bash

NATIVE_PRESETS=(debug release asan tsan fuzz)

# GCC 12's sanitizers cannot place their shadow memory where the kernel randomises addresses widely; the programs they
# build (some run during the build, to list their tests) run without that.
run_sanitized() {
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    setarch "$(uname -m)" -R "$@"
  else
    "$@"
  fi
}

# What was built with less than it should have, by the build folder's own words (third_party/quic.cmake), once a preset.
declare -A REDUCED=()
say_reduced() {
  local preset
  for preset in "${!REDUCED[@]}"; do
    warn "${REDUCED[$preset]}"
  done
  REDUCED=()
}

# build_native PRESET [TARGET…]
build_native() {
  local preset=$1 hash target=all reduced=$ROOT/build/$1/reduced.txt
  local -a run=() targets=()
  shift
  (($# == 0)) || { targets=(--target "$@") && target=$*; }
  need_packages build || return 1
  [[ $preset != fuzz ]] || need_packages fuzz || return 1
  [[ $preset != asan && $preset != tsan ]] || run=(run_sanitized)
  hash=$(hash_of "$ROOT/CMakePresets.json"; cmake --version)
  # What was missing the last time is looked for again.
  if ! is_stamped "configure-$preset" "$hash" || [[ ! -f $ROOT/build/$preset/build.ninja || -f $reduced ]]; then
    step --hint "after a change of compiler: ./dev clean $preset, then the same again" \
      "Configure $preset" "${run[@]}" cmake --preset "$preset" -S "$ROOT" || return 1
    stamp "configure-$preset" "$hash"
  fi
  [[ ! -f $reduced ]] || REDUCED[$preset]=$(<"$reduced")
  step --hint "mend what the compiler names, then run the same again" \
    "Build $preset ($target)" "${run[@]}" cmake --build "$ROOT/build/$preset" -j "$(jobs_for_building)" "${targets[@]}"
}

# What the WebAssembly modules, the SDK and the demo need from the network; their packages are there already.
fetch_for_pages() {
  in_emscripten emcc --version
  need_npm_packages
}

in_emscripten() { "$ROOT/scripts/in-emscripten" "$@"; }

build_wasm() { once "The WebAssembly modules" make_wasm; }
make_wasm() {
  local hash
  need_packages build wasm || return 1
  wait_ahead
  step --hint "put emcc 6.0 or newer on the PATH, or let mmdebstrap reach a Debian mirror" \
    "Emscripten (the first time: half a minute, 1 GB)" in_emscripten emcc --version || return 1
  hash=$(hash_of "$ROOT/CMakePresets.json" "$ROOT/scripts/emscripten-root" "$ROOT/scripts/in-emscripten")
  if ! is_stamped configure-wasm "$hash" || [[ ! -f $ROOT/build/wasm/build.ninja ]]; then
    step --hint "after a change of Emscripten: ./dev clean wasm, then the same again" \
      "Configure wasm" in_emscripten cmake --preset wasm -S "$ROOT" || return 1
    stamp configure-wasm "$hash"
  fi
  build_wasm_target "Build wasm (modules)" wasm/all
}

# The tests and benchmarks besides, which take as long again.
build_wasm_all() { build_wasm && once "The tests for WebAssembly" build_wasm_target "Build wasm (all)" all; }

build_wasm_target() {
  step --hint "mend what the compiler names, then run the same again" \
    "$1" in_emscripten cmake --build "$ROOT/build/wasm" -j "$(jobs_for_building)" --target "$2"
}

# build_bundle FOLDER INPUT…: runs the workspace's build script when its sources or the given inputs changed.
build_bundle() {
  local folder=$1 hash name
  shift
  [[ -f $ROOT/$folder/package.json ]] || { warn "$folder has no package.json yet: not built"; return 0; }
  name="bundle-${folder//\//-}"
  hash=$(hash_of "$ROOT/package-lock.json" "$ROOT/$folder" "$@")
  if is_stamped "$name" "$hash" && [[ -d $ROOT/$folder/dist ]]; then
    skipped "Build $folder"
    return 0
  fi
  step --hint "mend what the build names, then run the same again" \
    "Build $folder" npm_run build -w "$folder" && stamp "$name" "$hash"
}

# The SDK carries the WebAssembly files that it loads.
wasm_products() {
  find "$ROOT/build/wasm" -maxdepth 3 \( -name '*.wasm' -o -name '*.mjs' \) -not -name '*_test*' -not -path '*/CMakeFiles/*' 2>/dev/null | sort
}

build_sdk() { once "The SDK" make_sdk; }
make_sdk() {
  local -a products
  need_npm_packages || return 1
  mapfile -t products < <(wasm_products)
  build_bundle js-api "${products[@]}"
}

build_web() { once "The demo" make_web; }
make_web() {
  need_npm_packages || return 1
  build_bundle web "$STAMPS/bundle-js-api" # which stands for the SDK and the modules in it
}

build_gateway() { build_native release ferry-gateway; }

build_all() { build_native release && build_wasm && build_sdk && build_web; }
