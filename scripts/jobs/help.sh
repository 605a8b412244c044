# shellcheck shell=bash
cat <<'TEXT'
./dev JOB …            run from anywhere; installs what the job needs (apt, npm), and skips what is done

  demo [FLAGS]         build everything, start the gateway with its demo, print the address to open
  test [SUITE [NAME]]  every test; or one suite: setup core net gateway client wasm sdk web
                       e2e, tsan, package; or its tests that match NAME
  build [PART…]        all; or a part: gateway wasm sdk web; or a preset: debug release asan tsan fuzz
  package              what a release publishes, into build/package: npm, Debian, a tarball
  bench NAME [ARGS]    tests/bench/NAME, such as codecs or call; --json FILE writes the figures
  soak [ARGS]          an hour (--minutes N) of clients who come, go, are killed and change transports
  fuzz [SECONDS] [TARGET…]
                       every fuzzer, or those named, for SECONDS each (60)
  check [PART…]        before a change is called done, what is too long for each push: lint,
                       every fuzzer for 20 s, a short bench and soak, package, tsan; or a PART
  lint [--fix]         layout and static checks; --fix mends what can be mended by a tool
  clean [PART…]        what was built: all, or build/PART
  help                 this

Environment
  CHROMIUM, FIREFOX    the browser programs for end-to-end tests (Debian: installed by apt)
  FERRY_CACHE          sources, OpenSSL and QUIC libraries, the Emscripten root, Node.js (default: ~/.cache/ferry)
  FERRY_DEBIAN_MIRROR  the only Debian archive to ask (default: apt's, then Debian's own)
  FERRY_PINNED_ONLY    1: the locked sources or none; otherwise another release stands in for one that nobody has
  JOBS                 compilers at once (default: by cores and memory)

Logs of each step: build/logs. Reports of each test suite: build/results (JUnit).
TEXT
