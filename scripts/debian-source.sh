# shellcheck shell=bash
# Shell functions that ask Debian for what the host's own suites do not carry. To be sourced.
#
# The mirror of a machine is not named here: it is the one that the machine's apt is configured with,
# or FERRY_DEBIAN_MIRROR. After those comes Debian's own public address, as mmdebstrap has it.
#
#   FERRY_DEBIAN_MIRROR    the only Debian archive to ask
#   FERRY_DEBIAN_KEYRING   the keys its indexes are signed with (default: Debian's own)
#   FERRY_STALL_SECONDS    a download that stands still for so long has failed (20)

stall_seconds=${FERRY_STALL_SECONDS:-20}

# Debian's own public address: the archive that mmdebstrap takes when it is told of none.
debian_address() {
  local program
  program=$(command -v mmdebstrap) || return 0
  sed -nE "s#^ *my \\\$mirror *= '(https?://[^']+)';.*#\1#p" "$program" | head -n 1
}

# Prints the Debian archives to ask, one a line. Those that an Ubuntu or another derivative is
# configured with are not Debian's; security archives hold no releases.
debian_mirrors() {
  if [[ -n ${FERRY_DEBIAN_MIRROR:-} ]]; then
    echo "${FERRY_DEBIAN_MIRROR%/}"
    return
  fi
  {
    if grep -qs '^ID=debian$' /etc/os-release; then
      # shellcheck disable=SC2016 # apt's own placeholder
      apt-get indextargets --format '$(SITE)' 'Origin: Debian' 2>/dev/null |
        grep -E '^https?://' | grep -v security | sed 's#/$##' | sort -u || true
    fi
    debian_address
  } | awk '!seen[$0]++'
}

# download URL FILE: gives up on a host that does not answer, on one that stops answering, and after
# half an hour.
download() {
  curl -fsSL --proto '=http,https' --connect-timeout 5 --max-time 1800 \
    --speed-limit 2048 --speed-time "$stall_seconds" -o "$2" "$1"
}

# debian_download URL FILE: the same by the way that apt takes, which may be a proxy of its own.
debian_download() {
  local proxy
  proxy=$(apt-config --format '%v' dump Acquire::http::Proxy 2>/dev/null || true)
  if [[ $1 == http:* && -n $proxy && $proxy != DIRECT ]]; then
    http_proxy=$proxy download "$1" "$2"
  else
    download "$1" "$2"
  fi
}

# pool_path PACKAGE FILE: where a file of a source package stands in any Debian archive.
pool_path() {
  local folder=${1:0:1}
  [[ $1 != lib* ]] || folder=${1:0:4}
  echo "pool/main/$folder/$1/$2"
}

# private_apt TOOL DIR ARGS…: apt-get or apt-cache with its sources, lists and cache under DIR, the
# host's proxy settings, ten minutes at most, and nothing of the host changed. DIR/sources.list must
# exist.
private_apt() {
  local tool=$1 dir=$2
  shift 2
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  local sandbox=()
  [[ $(id -u) -ne 0 ]] || sandbox=(-o APT::Sandbox::User=root)
  timeout 600 "$tool" -q "${sandbox[@]}" -o Dir::Etc::sourcelist="$dir/sources.list" \
    -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$dir/lists" \
    -o Dir::Cache="$dir/cache" "$@"
}

# Newest first, by the names that outlive a release.
debian_suites=(unstable testing stable-backports stable stable-updates oldstable-backports oldstable
  oldstable-updates)

# debian_index DIR MIRROR: fetches the source indexes of the mirror's suites into DIR, as many as there
# are and as are signed. The age of a release file is checked; only when that very check
# refuses one (a mirror frozen in time, or a clock ahead) is it taken nevertheless.
debian_index() {
  local dir=$1 mirror=$2 log="$1/update.log" suite keyring options=""
  local -a limits=(-o Acquire::Retries=0 -o Acquire::http::Timeout="$stall_seconds"
    -o Acquire::https::Timeout="$stall_seconds")
  mkdir -p "$dir"
  keyring=${FERRY_DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
  [[ ! -f $keyring ]] || options="[signed-by=$keyring] "
  for suite in "${debian_suites[@]}"; do
    echo "deb-src $options$mirror $suite main"
  done >"$dir/sources.list"
  private_apt apt-get "$dir" update "${limits[@]}" -o Acquire::Check-Date=true \
    -o Acquire::Check-Valid-Until=true >"$log" 2>&1 || true
  if grep -qiE 'is not valid (anymore|yet)|is expired' "$log"; then
    echo "a release file of $mirror is past its date, or the clock is wrong: taking it all the same" >&2
    private_apt apt-get "$dir" update "${limits[@]}" -o Acquire::Check-Date=false >"$log" 2>&1 || true
  fi
}

# debian_releases DIR PACKAGE: "VERSION SHA256 PATH" of every plain release of a source package that the
# indexes in DIR offer. What Debian repacked or what came before a release is left out.
debian_releases() {
  private_apt apt-cache "$1" showsrc --only-source "$2" 2>/dev/null | awk -v package="$2" '
    function close_stanza() { if (sum != "" && folder != "") print version, sum, folder "/" file; sum = folder = "" }
    /^$/ { close_stanza(); next }
    /^[^ ]/ { in_sums = ($1 == "Checksums-Sha256:") }
    $1 == "Directory:" { folder = $2 }
    in_sums && /^ / && index($3, package "_") == 1 && $3 ~ /_[0-9]+(\.[0-9]+)*\.orig\.tar\.(gz|xz|bz2)$/ {
      sum = $1; file = $3; version = substr(file, length(package) + 2); sub(/\.orig\.tar\..*/, "", version)
    }
    END { close_stanza() }' | sort -u
}
