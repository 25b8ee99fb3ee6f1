#!/usr/bin/env bash
# NanoClaw: ./nanoclaw.sh sets up and runs, ./nanoclaw.sh test sets up and tests. See --help.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

dist=.build-dist
jobs=$(nproc)
limit=40m

usage() {
    cat <<'TEXT'
usage: ./nanoclaw.sh [VERB] [ARGUMENTS]

  up      install what is missing, build, and run the host here (the default; arguments go to `nanoclaw up`)
  build   install what is missing, build a release, link bin/nanoclaw, bin/nanoclaw-sandbox, bin/agent-runner
  test    build, then run every test (arguments go to `swift test`); --long first: the long suites at full length
  check   format, lint, file lengths, module arrows, link lines, names in the docs: what CI calls before the tests
  fuzz    run the fuzz targets   [TARGET…] [--seconds N] [--replay] [--planted] [--long]   (docs/testing.md)
  bench   measure the budgets beside their floor, or other agents   [--only NAMES] [--quick] [--strict] [--json FILE]
          [--peers] [--connected]   (docs/benchmarks.md)
  --help  this text
TEXT
}

say() { printf 'nanoclaw.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# Each package and what it is for; a package counts as there when its file is.
packages_to_build="
git:/usr/bin/git:fetching_the_Swift_packages
pkg-config:/usr/bin/pkg-config:finding_the_C_libraries
binutils:/usr/bin/ld:linking
gcc:/usr/bin/gcc:the_C_start_files_for_linking
g++:/usr/bin/g++:the_C++_runtime_that_Swift_links
libsqlite3-dev:/usr/include/sqlite3.h:the_databases
libseccomp-dev:/usr/include/seccomp.h:generating_the_sandbox_filters
libcap-dev:/usr/include/sys/capability.h:dropping_capabilities
libcmark-gfm-dev:/usr/include/cmark-gfm.h:reading_Markdown
libcmark-gfm-extensions-dev:/usr/include/cmark-gfm-core-extensions.h:reading_Markdown's_tables
libssl-dev:/usr/include/openssl/evp.h:hashes
libolm-dev:/usr/include/olm/olm.h:encrypted_rooms_of_Matrix
tzdata:/usr/share/zoneinfo/UTC:time_zones
ca-certificates:/etc/ssl/certs/ca-certificates.crt:reaching_models_over_TLS
zlib1g-dev:/usr/include/zlib.h:linking_compressed_HTTP
libcurl4:/usr/lib/*/libcurl.so.4:running_Swift's_package_manager
libncurses6:/usr/lib/*/libncurses.so.6:running_the_Swift_compiler
libxml2:/usr/lib/*/libxml2.so*:running_the_Swift_compiler
"
packages_to_test="
python3:/usr/bin/python3:checks_and_judges
python3-venv:/usr/lib/python3/dist-packages/distutils-precedence.pth|/usr/lib/python3*/venv/__init__.py:the_official_SDKs_as_judges
python3-pexpect:/usr/lib/python3/dist-packages/pexpect/__init__.py:tests_through_a_terminal
util-linux:/usr/bin/setpriv:tests_as_a_plain_user
sqlite3:/usr/bin/sqlite3:reading_the_databases_from_outside
"
packages_to_test_long="
debootstrap:/usr/sbin/debootstrap:installing_in_a_fresh_Debian
qemu-system-x86:/usr/bin/qemu-system-x86_64:a_machine_with_a_kernel_of_its_own
nbdkit-plugin-python:/usr/lib/*/nbdkit/plugins/nbdkit-python-plugin.so:a_disk_whose_cache_is_lost
"

present() {
    local pattern
    IFS='|' read -ra pattern <<<"$1"
    for path in "${pattern[@]}"; do
        compgen -G "$path" >/dev/null && return 0
    done
    return 1
}

install_packages() {
    local missing=() entry name path reason
    for entry in $1; do
        IFS=: read -r name path reason <<<"$entry"
        present "$path" || missing+=("$name:$reason")
    done
    ((${#missing[@]})) || return 0
    say "these Debian packages are missing:"
    for entry in "${missing[@]}"; do
        reason=${entry#*:}
        printf '  %-18s %s\n' "${entry%%:*}" "${reason//_/ }" >&2
    done
    local names=("${missing[@]%%:*}")
    if [[ $EUID -ne 0 ]]; then
        fail "install them with this one command, then run me again:
  sudo apt-get update && sudo apt-get install -y ${names[*]}"
    fi
    command -v apt-get >/dev/null || fail "no apt-get here: install ${names[*]} by your distribution's own means"
    say "installing them with apt-get"
    # One of many servers may be down, so only an installation that fails as well is the end.
    local reached=yes
    DEBIAN_FRONTEND=noninteractive apt-get update -qq -o APT::Update::Error-Mode=any </dev/null >&2 || reached=no
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${names[@]}" </dev/null >&2 && return
    fail_if_full /var/cache/apt
    [[ $reached == yes ]] || fail "a package server does not answer, and without it they cannot be installed; the reason is
above. When this ends without a complaint, run me again:
  apt-get update"
    fail "apt-get could not install them; the reason is above. When this works, run me again:
  apt-get install ${names[*]}"
}

# A step has failed: where that is for want of room, says so and ends.
fail_if_full() {
    local free
    free=$(df --output=avail -B 1M "$1" 2>/dev/null | tail -n 1) || return 0
    ((${free:-1000} >= 500)) || fail "the disk is full: ${free// /} MiB are left, a build takes 2 GB. Make room and run me again:
  df -h $(printf %q "$1")"
}

need_swift() {
    command -v swift >/dev/null ||
        fail "no swift on PATH: install Swift 6.3 or newer from https://www.swift.org/install/linux and run me again"
    local said version
    said=$(swift --version 2>&1) || fail "swift does not run: ${said:-no reason given}"
    version=$(sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p' <<<"$said" | head -n 1)
    local major=${version%% *} minor=${version##* }
    if [[ -z $version ]] || ((major < 6 || (major == 6 && minor < 3))); then
        fail "Swift 6.3 or newer is needed, this is ${said%%$'\n'*}"
    fi
}

# As root the files that sandboxes write belong to an unprivileged user, never to uid 0.
need_service_user() {
    [[ $EUID -eq 0 && $(stat -c %u .) -eq 0 ]] || return 0
    id -u nanoclaw >/dev/null 2>&1 && return 0
    say "making the system user 'nanoclaw': it owns what the sandboxes write, so that nothing of theirs belongs to root"
    useradd --system --no-create-home --shell /usr/sbin/nologin nanoclaw
}

# Ubuntu keeps user namespaces from programs without a profile: one for the launcher alone, never a switch for all.
offer_profile() {
    local switch=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
    [[ $EUID -ne 0 && -r $switch && $(<$switch) == 1 && ! -e /etc/apparmor.d/nanoclaw-sandbox ]] || return 0
    say "AppArmor keeps user namespaces from nanoclaw-sandbox, so no agent will run; give it a profile of its own:"
    printf '  %s\n' "bin/nanoclaw sandbox apparmor | sudo tee /etc/apparmor.d/nanoclaw-sandbox" \
        "sudo apparmor_parser -r /etc/apparmor.d/nanoclaw-sandbox" >&2
}

# One line that changes when any source does: names, times and sizes.
fingerprint() {
    find Package.swift Sources migrations -type f -printf '%p %T@ %s\n' | LC_ALL=C sort | sha256sum
    swift_path=$(command -v swift) && stat -Lc '%n %Y %s' "$swift_path"
}

build() {
    local want
    want=$(fingerprint 2>/dev/null || true)
    if [[ -x $dist/nanoclaw && -x $dist/nanoclaw-sandbox && -x $dist/agent-runner && -f $dist/.built ]] &&
        [[ $want == "$(cat "$dist/.built")" ]]; then
        link
        return
    fi
    install_packages "$packages_to_build"
    need_swift
    say "building the release (some minutes the first time)"
    # The inner binaries are static and know nothing of the host's packages; the host is dynamic for name resolution.
    local static=(--static-swift-stdlib -Xswiftc -static-executable -Xlinker -s --scratch-path .build-inner)
    NANOCLAW_TARGETS=nanoclaw-sandbox,agent-runner compile "${static[@]}" --product nanoclaw-sandbox
    NANOCLAW_TARGETS=nanoclaw-sandbox,agent-runner compile "${static[@]}" --product agent-runner
    # Without the exports of a static Swift program the linker leaves away what nothing reaches.
    NANOCLAW_TARGETS=nanoclaw compile --static-swift-stdlib -Xlinker --no-export-dynamic \
        --scratch-path .build-host --product nanoclaw
    mkdir -p "$dist"
    install_binary .build-inner/release/nanoclaw-sandbox
    install_binary .build-inner/release/agent-runner
    install_binary .build-host/release/nanoclaw
    printf '%s' "$want" >"$dist/.built"
    link
}

compile() {
    swift build -c release -j "$jobs" "$@" </dev/null >&2 && return
    local scratch=. word url
    for word in "$@"; do [[ $word == .build-* && -d $word ]] && scratch=$word; done
    fail_if_full "$PWD/$scratch"
    if ! compgen -G "$scratch/checkouts/*" >/dev/null; then
        url=$(sed -nE 's/.*package\(url: "([^"]+)".*/\1/p' Package.swift | head -n 1)
        fail "the Swift packages could not be fetched; the reason is above. When this answers, run me again:
  git ls-remote $url HEAD"
    fi
    fail "the build failed; the reason is above"
}

# Beside and renamed: a running host keeps its old file.
install_binary() {
    install -m 755 "$1" "$dist/.$(basename "$1").new"
    mv -f "$dist/.$(basename "$1").new" "$dist/$(basename "$1")"
}

link() {
    mkdir -p bin
    local name
    for name in nanoclaw nanoclaw-sandbox agent-runner; do
        ln -sfn "../$dist/$name" "bin/$name"
    done
}

# Launcher and runner once more with their fault points, for the tests that make steps fail and processes die.
build_faults() {
    local product
    for product in nanoclaw-sandbox agent-runner; do
        NANOCLAW_TARGETS=nanoclaw-sandbox,agent-runner swift build -c release -j "$jobs" --traits Faults \
            --static-swift-stdlib -Xswiftc -static-executable --scratch-path .build-faults \
            --product "$product" </dev/null >&2
        install -D -m 755 ".build-faults/release/$product" ".build-dist-faults/$product"
    done
}

# Runs a command that tests, within the limit; what it says goes to a log of this name, too.
lane() {
    local log=$copies/$1.log
    shift
    # Not NO_COLOR: the programs under test would inherit it.
    timeout --foreground -k 30 "$limit" "$@" </dev/null 2>&1 | sed -u $'s/\e\\[[0-9;]*m//g' | tee "$log"
}

run_tests() {
    if [[ ${1:-} == --long ]]; then
        # The crash, soak, replay and installation suites at their full length, and ten minutes of each fuzz target: hours.
        export NANOCLAW_LONG=1
        limit=24h
        shift
        packages_to_test+=$packages_to_test_long
    fi
    install_packages "$packages_to_build"
    install_packages "$packages_to_test"
    need_service_user
    build
    build_faults
    # Tests also run the binaries as another user, who may not be able to pass through the checkout's parents. Both names
    # are global for the trap, which runs when this function is over.
    copies=$(mktemp -d /tmp/nanoclaw-dist-XXXXXX)
    beside=""
    # What fails in a trap of the exit becomes the script's own status.
    trap '[[ -z $beside ]] || kill -- "-$beside" 2>/dev/null || true; rm -rf "$copies"' EXIT
    chmod 755 "$copies"
    cp -r "$dist" "$copies/release"
    cp -r .build-dist-faults "$copies/faults"
    export NANOCLAW_DIST="$copies/release"
    export NANOCLAW_DIST_FAULTS="$copies/faults"
    # Fault points are compiled into test builds alone: here, and into the binaries of build_faults.
    swift build -j "$jobs" --build-tests --traits Faults </dev/null >&2
    install -m 755 .build/debug/crash-host .build/debug/nanoclaw "$copies/faults/"
    local code=0
    if (($#)); then
        lane tests swift test -j "$jobs" --traits Faults --skip-build --disable-xctest --no-parallel "$@" || code=$?
    else
        # Most tests wait for something other than a processor, so two lanes run at once; those that assert what a quiet
        # machine does have it to themselves afterwards.
        local tests=(.build/debug/nanoclawPackageTests.xctest --testing-library swift-testing --no-parallel)
        local whole='^EndToEndTests' quiet='^SandboxTests|^EndToEndTests\.(NeighbourTests|SoakTests)'
        set -m
        lane modules "${tests[@]}" --skip "$whole" --skip "$quiet" &
        set +m
        beside=$!
        lane whole "${tests[@]}" --filter "$whole" --skip "$quiet" || code=$?
        wait "$beside" || code=$?
        beside=""
        lane quiet "${tests[@]}" --filter "$quiet" || code=$?
    fi
    # Once more at the end what failed, out of thousands of lines; then the runner's own summaries.
    ((code == 0)) || grep -ah -A 4 'recorded an issue' "$copies"/*.log | cut -c 1-800 | head -80 || true
    local log
    for log in "$copies"/*.log; do tail -n 1 "$log"; done
    ((code != 124)) || fail "the tests did not end within $limit: the last one named above hangs"
    if [[ ${NANOCLAW_LONG:-} == 1 && $# -eq 0 ]]; then
        python3 Tests/Fuzz/fuzz.py --long || code=$?
        bash Benchmarks/run.sh --only live,soak --strict || code=$?
    fi
    return "$code"
}

verb=${1:-up}
(($# == 0)) || shift
case $verb in
up)
    need_service_user
    build
    offer_profile
    exec "$dist/nanoclaw" up "$@"
    ;;
build) build ;;
test) run_tests "$@" ;;
check)
    install_packages "$packages_to_build"
    install_packages "$packages_to_test"
    build
    exec python3 .ci/check.py "$@"
    ;;
fuzz)
    install_packages "$packages_to_build"
    install_packages "$packages_to_test"
    need_swift
    exec python3 Tests/Fuzz/fuzz.py "$@"
    ;;
bench)
    need_service_user
    build
    exec bash Benchmarks/run.sh "$@"
    ;;
-h | --help | help) usage ;;
*)
    usage >&2
    fail "there is no verb '$verb'"
    ;;
esac
