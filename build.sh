#!/usr/bin/env bash
# Builds, serves, tests and measures Podlab. On a bare Debian with rustup and Node it sets up the rest by
# itself: pinned by the lock files, cached in .tools/, node_modules/ and target/.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
./build.sh               build dist/podlab.html (and index.html, sw.js, the web manifest)
./build.sh serve [PORT]  build, then serve dist/ on http://localhost:PORT (default 8000)
./build.sh test          format, lints, native tests, build, browser tests, size budget
./build.sh test-web      build and browser tests only
./build.sh bench         build, then measure size, start-up and the native benchmarks
./build.sh clean         remove everything that was built

PODLAB_PROFILE=page ./build.sh builds quickly and large, for work on the page.
TEXT
}

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || die "$1 is missing: install $2"; }

bindgen_version() {
  awk '/^name = "wasm-bindgen"$/ { found = 1 } found && /^version/ { gsub(/[^0-9.]/, "", $3); print $3; exit }' Cargo.lock
}

setup_rust() {
  need cargo "Rust with rustup, https://rustup.rs"
  if ! rustc --version >/dev/null 2>&1; then
    need rustup "rustup, https://rustup.rs"
    say "Installing the Rust toolchain of rust-toolchain.toml"
    rustup toolchain install
  fi
  [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ] && return
  need rustup "rustup (or the wasm32-unknown-unknown target by other means)"
  say "Adding the wasm32 target"
  rustup target add wasm32-unknown-unknown
}

# The generator of the JavaScript glue must have exactly the version of the library in Cargo.lock. A helper
# of a few lines on its support crate builds three times faster than the full command-line tool.
setup_bindgen() {
  local version dir
  version=$(bindgen_version)
  dir=.tools/bindgen-$version
  bindgen=$dir/target/release/bindgen
  [ -x "$bindgen" ] && return
  say "Building wasm-bindgen $version"
  mkdir -p "$dir/src"
  cat > "$dir/Cargo.toml" <<TOML
[package]
name = "bindgen"
version = "0.0.0"
edition = "2021"
[dependencies]
wasm-bindgen-cli-support = "=$version"
[workspace]
TOML
  cat > "$dir/src/main.rs" <<'RUST'
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut b = wasm_bindgen_cli_support::Bindgen::new();
    b.input_path(&args[1]).out_name("podlab").typescript(false).omit_default_module_path(true);
    b.remove_name_section(true).remove_producers_section(true);
    b.web(true).and_then(|b| b.generate(&args[2])).expect("wasm-bindgen runs");
}
RUST
  CARGO_TARGET_DIR="$dir/target" cargo build --quiet --release --manifest-path "$dir/Cargo.toml"
}

setup_node() {
  need node "Node.js 20 or later"
  need npm "npm"
  [ -f node_modules/.package-lock.json ] && [ node_modules/.package-lock.json -nt package-lock.json ] && return
  say "Installing the page's tools"
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
}

setup_browser() {
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then CHROMIUM=$(command -v "$name"); export CHROMIUM; return; fi
  done
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "chromium is missing: install it for the browser tests"
  say "Installing chromium"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
  CHROMIUM=$(command -v chromium); export CHROMIUM
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr >/dev/null || say "No Firefox: its test is skipped"
}

profile=${PODLAB_PROFILE:-web}

compile() {
  setup_rust
  setup_bindgen
  say "Compiling the core to WebAssembly"
  cargo build --profile "$profile" --target wasm32-unknown-unknown --lib
}

build() {
  compile
  setup_node
  "$bindgen" "target/wasm32-unknown-unknown/$profile/podlab.wasm" target/page
  say "Packing the page"
  node www/build.mjs
}

# Lints run twice, as the binding is compiled for wasm32 only.
lint() {
  setup_rust
  say "Format"
  cargo fmt --all --check
  say "Lints"
  cargo clippy --quiet --all-targets -- -D warnings
  cargo clippy --quiet --lib --target wasm32-unknown-unknown -- -D warnings
}

# The core is linked by one thread, which takes minutes: it begins first and runs beside lints and native tests
# (other target directories, so neither waits for the other's lock).
begin_meanwhile() {
  setup_rust
  mkdir -p target
  (compile; setup_node; setup_browser) > target/meanwhile.log 2>&1 &
  meanwhile=$!
  trap 'kill "$meanwhile" 2>/dev/null || true' EXIT
}

end_meanwhile() {
  wait "$meanwhile" || { cat target/meanwhile.log; die "the page's build failed, see above"; }
  trap - EXIT
}

web_tests() {
  setup_browser
  say "Browser tests"
  node --test --test-timeout=300000 tests/web/units.test.mjs tests/web/links.test.mjs
  # One file after the other: each has a browser of its own. A browser on a busy machine may miss a moment, so
  # a file that fails is run once more; what fails twice fails.
  for file in page typing flow time editor views access lessons why traffic firefox; do
    node --test --test-timeout=900000 "tests/web/$file.test.mjs" ||
      node --test --test-timeout=900000 "tests/web/$file.test.mjs"
  done
  # The three runs agree only when they are built from the same source, as here.
  node --test --test-timeout=900000 tests/web/same.test.mjs
}

case "${1:-build}" in
  build) build ;;
  serve) build; exec node www/serve.mjs "${2:-8000}" ;;
  test)
    begin_meanwhile
    lint
    say "Native tests"
    # With the Kubernetes client library beside us, which is compiled anyway for the schema.
    cargo test --quiet --features oracle
    end_meanwhile
    build
    web_tests
    say "Size"
    node www/size.mjs
    ;;
  test-web) build; web_tests ;;
  bench)
    build
    setup_browser
    node www/size.mjs
    node tests/web/bench.mjs
    if [ -d benches ]; then cargo bench --quiet --bench podlab; fi
    ;;
  clean) rm -rf dist target .tools node_modules ;;
  -h | --help | help) usage ;;
  *) usage >&2; exit 2 ;;
esac
