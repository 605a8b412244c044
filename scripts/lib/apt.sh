# The distribution's packages: installs those of scripts/packages.txt that are missing. Sourced by dev.
# shellcheck shell=bash

# as_root COMMAND…: directly for root, by sudo for others.
as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "not root, and there is no sudo: run this as root: $*"
    return 1
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@"
}

package_choices() {
  local set
  for set in "$@"; do
    awk -v set="$set" '$1 == set { print $2 }' "$ROOT/scripts/packages.txt"
  done
}

installed_packages() { dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p'; }

# missing_packages SET…: of each package choice ("a|b") that no installed package satisfies.
missing_packages() {
  local have choice name found
  have=" $(installed_packages | tr '\n' ' ') "
  while read -r choice; do
    found=""
    for name in ${choice//|/ }; do
      [[ $have == *" $name "* ]] && found=yes
    done
    [[ -n $found ]] || printf '%s\n' "$choice"
  done < <(package_choices "$@")
}

# available_packages NAME…: those of them that apt can install.
available_packages() {
  apt-cache policy "$@" 2>/dev/null | awk '/^[^ ]/ { sub(":$", ""); name = $1 } $1 == "Candidate:" && $2 != "(none)" { print name }'
}

# A machine image that is older than its package lists' validity (a frozen mirror) can still install: the date
# check alone is lifted, for this one update, after apt itself has named it as the error. Signatures are still checked.
update_package_lists() {
  local out
  out=$(apt_get update 2>&1) && ! grep -q '^E:' <<<"$out" && { echo "$out"; return 0; }
  echo "$out"
  grep -qE 'Release file .* (is expired|is not valid (anymore|yet))' <<<"$out" || return 1
  echo "The lists are past their date; once more without that check:"
  apt_get -o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false update
}

# choose_packages CHOICE…: for each choice ("a|b") the first that apt can install, into the array `chosen`;
# fails naming a choice of which it can install none.
choose_packages() {
  local have choice name found names
  read -ra names <<<"${*//|/ }"
  have=" $(available_packages "${names[@]}" | tr '\n' ' ') "
  chosen=()
  for choice in "$@"; do
    found=""
    for name in ${choice//|/ }; do
      [[ -z $found && $have == *" $name "* ]] && found=$name
    done
    [[ -n $found ]] || { echo "apt has no package $choice"; return 1; }
    chosen+=("$found")
  done
}

install_packages() {
  local chosen
  if ! choose_packages "$@"; then
    update_package_lists && choose_packages "$@" || return 1
  fi
  apt_get install --no-install-recommends "${chosen[@]}" && return 0
  # Lists that are older than the mirror name files that are gone.
  update_package_lists && apt_get install --no-install-recommends "${chosen[@]}"
}

declare -A PACKAGE_SETS_DONE=()

# need_packages SET…: installs what is missing of these sets.
need_packages() {
  local missing set
  local -a sets=()
  for set in "$@"; do
    [[ -n ${PACKAGE_SETS_DONE[$set]:-} ]] || sets+=("$set")
  done
  ((${#sets[@]} > 0)) || return 0
  set -- "${sets[@]}"
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    [[ -n ${FERRY_NO_APT_WARNED:-} ]] || warn "no apt here: going on with what is installed (see scripts/packages.txt)"
    FERRY_NO_APT_WARNED=yes
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  if ((${#missing[@]} == 0)); then
    skipped "Packages ($*)"
  else
    step --hint "install them by hand (see scripts/packages.txt), or mend the machine's apt sources; then run the same again" \
      "Install ${#missing[@]} packages ($*)" install_packages "${missing[@]}" || return 1
  fi
  for set in "$@"; do
    PACKAGE_SETS_DONE[$set]=yes
  done
}
