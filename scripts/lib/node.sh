# Node.js and npm's packages. Sourced by dev.
#
# Vite and Vitest want Node 20.19, 22.13 or 24; Debian 12 and Ubuntu 24.04 have 18. Where the distribution's is too old,
# its npm fetches Node's own binary and a newer npm from the npm registry, by the version and hash of scripts/node/package-lock.json,
# into the cache folder; nothing outside that folder changes.
# shellcheck shell=bash

node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const ok = major >= 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19);
    process.exit(ok ? 0 : 1)' 2>/dev/null
}

# The links are made here because npm 9 leaves out those of an optional package.
fetch_node() {
  local folder=$1
  rm -rf "$folder" "$folder.new" && mkdir -p "$folder.new/bin" &&
    cp "$ROOT/scripts/node/package.json" "$ROOT/scripts/node/package-lock.json" "$folder.new/" &&
    npm ci --prefix "$folder.new" --no-audit --no-fund --loglevel=error &&
    (cd "$folder.new/bin" && ln -s ../node_modules/node-linux-*/bin/node node) &&
    ln -s ../node_modules/npm/bin/npm-cli.js "$folder.new/bin/npm" &&
    ln -s ../node_modules/npm/bin/npx-cli.js "$folder.new/bin/npx" &&
    "$folder.new/bin/node" --version && mv "$folder.new" "$folder"
}

need_node() {
  local folder
  node_is_new_enough && return 0
  folder="$CACHE/node-$(hash_of "$ROOT/scripts/node/package-lock.json" | cut -c1-12)"
  if [[ ! -x $folder/bin/node ]]; then
    need_packages node || return 1
    node_is_new_enough && return 0
    step --hint "put Node 20.19 or newer on the PATH, or let npm reach its registry" \
      "Fetch Node.js (this machine has $(node --version))" fetch_node "$folder" || return 1
  fi
  export PATH="$folder/bin:$PATH"
}

# npm ends some errors with a page on its own usage, which would hide them.
npm_ci() { npm ci "$@" --no-audit --no-fund 2>&1 | sed '/^npm error Clean install a project/,/^npm error Run "npm help/d'; }

# need_npm_packages: node_modules as the lock file says.
need_npm_packages() { once "npm packages" install_npm_packages; }
install_npm_packages() {
  local hash
  wait_ahead
  need_node || return 1
  hash=$(hash_of "$ROOT"/package{,-lock}.json "$ROOT"/{js-api,web,tests/e2e,tests/bench}/package.json; node --version)
  if is_stamped npm "$hash" && [[ -f $ROOT/node_modules/.package-lock.json ]]; then
    skipped "npm packages"
    return 0
  fi
  export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
  step --hint "after a change to a package.json: run npm install and commit package-lock.json" \
    "Install npm packages" npm_ci --prefix "$ROOT" && stamp npm "$hash"
}

# has_script FOLDER SCRIPT: whether that npm workspace has such a script.
has_script() {
  [[ -f $ROOT/$1/package.json ]] && node -e '
    const { scripts = {} } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    process.exit(process.argv[2] in scripts ? 0 : 1)' "$ROOT/$1/package.json" "$2"
}

npm_run() { npm --prefix "$ROOT" run --silent "$@"; }
