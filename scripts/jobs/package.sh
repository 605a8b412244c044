# ./dev package: what a release publishes, into build/package: the npm package, Debian packages and a tarball.
# shellcheck shell=bash
# shellcheck source=scripts/lib/package.sh
source "$ROOT/scripts/lib/package.sh"

build_packages || exit 1
say ""
(cd "$PACKAGES" && find . -type f -printf '%10s  build/package/%P\n' | sort -k2)
