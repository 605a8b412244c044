# shellcheck shell=bash
# Shell functions that ask Debian for what the host's own suites do not carry. To be sourced.
#
# No mirror is named here: it is the one the host's apt is configured with, or FERRY_DEBIAN_MIRROR.

# Prints the archive addresses the host's apt uses, one a line; security archives hold no releases.
debian_mirrors() {
  if [[ -n ${FERRY_DEBIAN_MIRROR:-} ]]; then
    echo "$FERRY_DEBIAN_MIRROR"
    return
  fi
  # shellcheck disable=SC2016 # apt's own placeholder
  apt-get indextargets --format '$(SITE)' 2>/dev/null | sort -u | grep -v security || true
}

# private_apt DIR ARGS…: apt-get with its sources, lists and cache under DIR, the host's proxy
# settings and keys, and nothing of the host changed. DIR/sources.list must exist.
private_apt() {
  local dir=$1
  shift
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  local sandbox=()
  [[ $(id -u) -ne 0 ]] || sandbox=(-o APT::Sandbox::User=root)
  apt-get -q "${sandbox[@]}" -o Dir::Etc::sourcelist="$dir/sources.list" \
    -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$dir/lists" \
    -o Dir::Cache="$dir/cache" "$@"
}

# private_apt_update DIR: fetches the lists of DIR/sources.list. The age of a release file is
# checked; only when that very check refuses it (a mirror frozen in time, or a clock ahead) is the
# list taken nevertheless: everything fetched through it is verified by its own sha256.
private_apt_update() {
  local dir=$1 log="$1/update.log"
  if private_apt "$dir" update -o APT::Update::Error-Mode=any >"$log" 2>&1; then return 0; fi
  if grep -qiE 'not valid anymore|is expired' "$log"; then
    echo "the mirror's release file is past its date: taking it all the same" >&2
    private_apt "$dir" update -o APT::Update::Error-Mode=any \
      -o Acquire::Check-Valid-Until=false >"$log" 2>&1 && return 0
  fi
  tail -n 5 "$log" >&2
  return 1
}
