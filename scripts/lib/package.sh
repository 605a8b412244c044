# What a release publishes, made from what is built, into build/package. Sourced by jobs that need it.
#
# All times in the files are those of the last entry of packaging/debian/changelog, so that the same sources
# and tools make the same files.
# shellcheck shell=bash

PACKAGES="$ROOT/build/package"
STAGE="$ROOT/build/package/stage"

project_version() { sed -n 's/^project(ferry VERSION \([0-9.]*\).*/\1/p' "$ROOT/CMakeLists.txt"; }

# The one version stands in CMakeLists.txt; what else must carry it is compared here.
check_versions() {
  local version sdk lock changelog
  version=$(project_version)
  sdk=$(node -p 'require("./js-api/package.json").version')
  lock=$(node -p 'require("./package-lock.json").packages["js-api"].version')
  changelog=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
  if [[ $sdk != "$version" || $lock != "$version" || $changelog != "$version" ]]; then
    echo "CMakeLists.txt has version $version, js-api/package.json $sdk, package-lock.json $lock, packaging/debian/changelog $changelog"
    return 1
  fi
}

licence_file() {
  local where=$1 folder
  case $where in
    source:*)
      folder=$("$ROOT/scripts/fetch-source" "$(cut -d/ -f1 <<<"${where#source:}")") || return 1
      echo "$folder/$(cut -d/ -f2- <<<"${where#source:}")"
      ;;
    debian:*) echo "/usr/share/doc/${where#debian:}/copyright" ;;
    emscripten:*)
      # shellcheck disable=SC2016 # for the shell inside
      in_emscripten sh -c 'cat "$EMSCRIPTEN_ROOT/$1"' sh "${where#emscripten:}" >"$STAGE/emscripten-licence" || return 1
      echo "$STAGE/emscripten-licence"
      ;;
    npm:*) echo "$ROOT/node_modules/${where#npm:}" ;;
    *) echo "$ROOT/$where" ;;
  esac
}

# licences SET…: our own licence, and those of what these sets of packaging/licences.txt carry.
licences() {
  local set name where file rule
  rule=$(printf '=%.0s' {1..100})
  printf 'Ferry, Copyright 2026 the Ferry authors\n\n'
  cat "$ROOT/LICENSE" || return 1
  printf '\nThis product contains parts of the following. The run-time parts of the C++ libraries in it (GCC: GPL-3 with the GCC\n'
  printf 'Runtime Library Exception; LLVM: Apache-2.0 with LLVM Exceptions) may be passed on in compiled form without conditions.\n'
  while IFS=$'\t' read -r set name where; do
    [[ " $* " == *" $set "* ]] || continue
    if ! file=$(licence_file "$where") || [[ ! -s $file ]]; then
      echo "no licence of $name: $where" >&2
      return 1
    fi
    printf '\n%s\n%s\n%s\n\n' "$rule" "$name" "$rule"
    cat "$file"
  done < <(sed -E '/^(#|$)/d; s/ {2,}/\t/g' "$ROOT/packaging/licences.txt")
}

# The program without symbols, and these in a file of their own, which debuggers find by the build id.
split_program() {
  local program=$1 debug=$STAGE/ferry-gateway.debug
  cp "$program" "$STAGE/ferry-gateway" &&
    objcopy --only-keep-debug --compress-debug-sections=zlib "$program" "$debug" &&
    strip --strip-unneeded --remove-section=.comment "$STAGE/ferry-gateway" &&
    (cd "$STAGE" && objcopy --add-gnu-debuglink=ferry-gateway.debug ferry-gateway) &&
    chmod 644 "$debug"
}

build_id() { readelf -n "$1" | sed -n 's/.*Build ID: //p'; }

# The oldest glibc that has all that the program uses.
glibc_of() { objdump -T "$1" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -V | tail -n 1; }

# shipped_config DATA DEMO SDK: the example with the folders of an installation.
shipped_config() {
  local out folder
  out=$(sed -e "s#^data-dir = .*#data-dir = \"$1\"#" -e "s#^demo-dir = .*#demo-dir = \"$2\"#" \
    -e "s#^sdk-dir = .*#sdk-dir = \"$3\"#" "$ROOT/gateway/ferry-gateway.example.toml")
  for folder in "$@"; do
    grep -q "= \"$folder\"" <<<"$out" || { echo "no place for $folder in ferry-gateway.example.toml" >&2; return 1; }
  done
  printf '%s\n' "$out"
}

documents() {
  mkdir -p "$1" && cp docs/installing.md docs/configuration.md docs/limits.md docs/ferry-cli.md "$1/" && cp "$STAGE/copyright" "$1/copyright"
}

# ferry-rtc-VERSION.tgz
make_npm_package() {
  local folder=$STAGE/npm
  mkdir -p "$folder" && cp -r js-api/package.json js-api/README.md js-api/dist LICENSE "$folder/" &&
    find "$folder" -type f -exec chmod 644 {} + &&
    licences sdk >"$folder/THIRD-PARTY-LICENCES.txt" &&
    (cd "$folder" && npm pack --pack-destination "$PACKAGES" --loglevel=error)
}

# ferry-gateway-VERSION-linux-ARCH.tar.gz, and the program's symbols beside it
make_tarball() {
  local version=$1 name folder
  name=ferry-gateway-$version-linux-$(uname -m)
  folder=$STAGE/$name
  mkdir -p "$folder/bin" "$folder/share/systemd" &&
    cp "$STAGE/ferry-gateway" "$folder/bin/" &&
    shipped_config data share/demo share/sdk >"$folder/ferry-gateway.toml" &&
    cp -r js-api/dist "$folder/share/sdk" && cp -r web/dist "$folder/share/demo" &&
    cp packaging/ferry-gateway.service "$folder/share/systemd/" &&
    sed -e "s/@VERSION@/$version/" -e "s/@GLIBC@/$(glibc_of "$folder/bin/ferry-gateway")/" \
      packaging/README.tarball.md >"$folder/README.md" &&
    documents "$folder/share/doc" && plain_modes "$folder" && chmod 755 "$folder/bin/ferry-gateway" &&
    tar -C "$STAGE" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" |
    gzip -9n >"$PACKAGES/$name.tar.gz" &&
    cp "$STAGE/ferry-gateway.debug" "$PACKAGES/$name.debug"
}

plain_modes() { find "$1" -type d -exec chmod 755 {} + && find "$1" -type f -exec chmod 644 {} +; }

# What dpkg-shlibdeps finds that the program needs, as Depends has it.
library_dependencies() {
  mkdir -p "$STAGE/shlibdeps/debian" &&
    printf 'Source: ferry-gateway\n\nPackage: ferry-gateway\nArchitecture: any\n' >"$STAGE/shlibdeps/debian/control" &&
    (cd "$STAGE/shlibdeps" && dpkg-shlibdeps -O "$STAGE/ferry-gateway") | sed -n 's/^shlibs:Depends=//p'
}

# control FOLDER NAME ARCHITECTURE SECTION DEPENDS DESCRIPTION LONG
control() {
  local folder=$1
  mkdir -p "$folder/DEBIAN"
  cat >"$folder/DEBIAN/control" <<CONTROL
Package: $2
Version: $version
Architecture: $3
Maintainer: $(dpkg-parsechangelog -l packaging/debian/changelog -S Maintainer)
Installed-Size: $(du -k --apparent-size -s --exclude=DEBIAN "$folder" | cut -f1)
Section: $4
Priority: optional
Depends: $5
Description: $6
$7
CONTROL
}

make_deb() {
  local folder=$1
  (cd "$folder" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums) &&
    chmod 644 "$folder"/DEBIAN/{control,md5sums} &&
    find "$folder" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} + &&
    dpkg-deb --root-owner-group -Zxz --build "$folder" "$PACKAGES" >&2
}

package_documents() {
  local folder=$1/usr/share/doc/$2
  mkdir -p "$folder" && gzip -9nc packaging/debian/changelog >"$folder/changelog.gz" && cp "$STAGE/copyright" "$folder/copyright"
}

# ferry-gateway, ferry-gateway-demo and ferry-gateway-dbgsym
make_debs() {
  local version=$1 arch needs id
  local gateway=$STAGE/ferry-gateway-deb demo=$STAGE/demo-deb symbols=$STAGE/dbgsym-deb
  arch=$(dpkg --print-architecture)
  needs=$(library_dependencies) && [[ -n $needs ]] || return 1
  id=$(build_id "$STAGE/ferry-gateway")

  mkdir -p "$gateway"/{DEBIAN,usr/bin,etc/ferry,lib/systemd/system,usr/share/ferry/demo} &&
    package_documents "$gateway" ferry-gateway && documents "$gateway/usr/share/doc/ferry-gateway" &&
    cp "$STAGE/ferry-gateway" "$gateway/usr/bin/" &&
    shipped_config /var/lib/ferry /usr/share/ferry/demo /usr/share/ferry/sdk >"$gateway/etc/ferry/ferry-gateway.toml" &&
    cp packaging/ferry-gateway.service "$gateway/lib/systemd/system/" &&
    cp -r js-api/dist "$gateway/usr/share/ferry/sdk" && plain_modes "$gateway" &&
    cp packaging/debian/{postinst,prerm,postrm} "$gateway/DEBIAN/" && echo /etc/ferry/ferry-gateway.toml >"$gateway/DEBIAN/conffiles" &&
    chmod 755 "$gateway/usr/bin/ferry-gateway" "$gateway"/DEBIAN/{postinst,prerm,postrm} && chmod 644 "$gateway/DEBIAN/conffiles" &&
    control "$gateway" ferry-gateway "$arch" net "adduser, init-system-helpers, $needs" "real-time audio and video for the web, on one port" \
      " Forwards calls between browsers over WebTransport and WebSocket. Comes with the files
 of the browser SDK, which it serves." &&
    make_deb "$gateway" || return 1

  mkdir -p "$demo/usr/share/ferry" && package_documents "$demo" ferry-gateway-demo &&
    cp -r web/dist "$demo/usr/share/ferry/demo" && plain_modes "$demo" &&
    control "$demo" ferry-gateway-demo all net "ferry-gateway (>= $version)" "page to try the Ferry gateway with" \
      " A call with device choice, invite links and live charts. It lets everybody in, once
 'demo = true' stands in /etc/ferry/ferry-gateway.toml." &&
    make_deb "$demo" || return 1

  mkdir -p "$symbols/usr/lib/debug/.build-id/${id:0:2}" && package_documents "$symbols" ferry-gateway-dbgsym &&
    cp "$STAGE/ferry-gateway.debug" "$symbols/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" && plain_modes "$symbols" &&
    control "$symbols" ferry-gateway-dbgsym "$arch" debug "ferry-gateway (= $version)" "debug symbols of ferry-gateway" \
      " For stack traces with functions and lines." &&
    make_deb "$symbols"
}

make_packages() {
  local version
  cd "$ROOT" || return 1
  version=$(project_version)
  SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l packaging/debian/changelog -S Timestamp)
  export SOURCE_DATE_EPOCH
  rm -rf "$PACKAGES" && mkdir -p "$STAGE" && licences gateway sdk demo >"$STAGE/copyright" &&
    split_program build/release/gateway/ferry-gateway &&
    make_npm_package && make_tarball "$version" && make_debs "$version" && rm -rf "$STAGE" &&
    (cd "$PACKAGES" && sha256sum -- * >SHA256SUMS)
}

# A release has all of it, and runs elsewhere: a gateway that was built with less, or with this system's QUIC libraries, is none.
check_gateway() {
  local shared
  if [[ -f $ROOT/build/release/reduced.txt ]]; then
    cat "$ROOT/build/release/reduced.txt"
    return 1
  fi
  shared=$(readelf -d "$ROOT/build/release/gateway/ferry-gateway" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc|libm|ld-linux.*)\.so\.' || true)
  [[ -z $shared ]] || { printf 'the gateway needs shared libraries: %s\n' "$shared"; return 1; }
}

build_packages() {
  need_packages package && build_native release ferry-gateway ferry-cli && build_wasm && build_sdk && build_web &&
    step --hint "let every source be fetched, or: cmake --preset release -DQUIC_PROVIDER=bundled; then the same again" \
      "The gateway has everything" check_gateway &&
    step --hint "make them agree" "One version" check_versions &&
    step --hint "mend what is named" "Make the packages" make_packages
}
