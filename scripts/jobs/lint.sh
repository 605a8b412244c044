# ./dev lint [--fix]: layout (clang-format, Prettier), static checks (ESLint, tsc, shellcheck), and that no file names this machine.
# shellcheck shell=bash

fix=""
case ${1:-} in
  "") ;;
  --fix) fix="write" ;;
  *) die "lint takes --fix or nothing" ;;
esac

# project_files PATTERN…: files of ours by name; works without git, so also in an unpacked archive.
project_files() {
  local -a names=()
  local pattern
  for pattern in "$@"; do
    names+=(-o -name "$pattern")
  done
  find . \( -name node_modules -o -name dist -o -path ./build -o -path ./.git \) -prune -o -type f \
    \( "${names[@]:1}" \) -print | sort
}

check_cpp_layout() {
  local tool=clang-format-14
  command -v "$tool" >/dev/null || tool=clang-format
  "$tool" --version
  local -a mode=(--dry-run -Werror)
  [[ -z $fix ]] || mode=(-i)
  project_files '*.cc' '*.h' | xargs -r "$tool" "${mode[@]}"
}
check_ts_layout() { npx --no-install prettier "--${fix:-check}" .; }
check_ts() { npx --no-install eslint ${fix:+--fix} .; }
check_types() {
  local folder rc=0
  for folder in js-api web tests/e2e; do
    npm_run typecheck -w "$folder" || rc=1
  done
  return "$rc"
}
check_scripts() {
  { project_files '*.sh' && grep -rlIE --exclude-dir={node_modules,build,dist,.git} '^#!.*\bbash' .; } |
    sort -u | xargs -r shellcheck -x
}

# Where packages come from, and where the tree stands, is this machine's business; a file that says it is wrong elsewhere.
check_no_machine_names() {
  local -a names
  local parent
  parent=$(dirname "$ROOT")
  mapfile -t names < <(
    {
      # shellcheck disable=SC2016 # apt's own placeholder
      apt-get indextargets --format '$(SITE)' 2>/dev/null || true
      npm config get registry 2>/dev/null
    } | sed -E 's#^[a-z]+://##; s#[/:].*##' | grep -F . | sort -u
    printf '%s\n' "$ROOT/"
    case $parent in
      / | /root | /home | /tmp | /opt | /srv | "$HOME") ;;
      *) printf '%s\n' "$parent/" ;;
    esac
  )
  printf 'looking for: %s\n' "${names[*]}"
  local found
  found=$(printf '%s\n' "${names[@]}" | grep -rnIF -f - --exclude-dir={node_modules,build,dist,.git} . | cut -c1-200)
  [[ -z $found ]] || { printf '%s\n' "$found"; return 1; }
}

need_packages lint && need_npm_packages || exit 1
failed=0
fixable="./dev lint --fix mends it"
step --hint "$fixable" "C++ layout" check_cpp_layout || failed=1
step --hint "$fixable" "TypeScript layout" check_ts_layout || failed=1
step --hint "mend what ESLint names; --fix mends a part" "TypeScript rules" check_ts || failed=1
step --hint "mend what tsc names" "TypeScript types" check_types || failed=1
step --hint "mend what shellcheck names" "Shell scripts" check_scripts || failed=1
step --hint "take the host or path out; a lock file needs omit-lockfile-registry-resolved=true (.npmrc)" \
  "No mirror, no path of this machine" check_no_machine_names || failed=1
exit "$failed"
