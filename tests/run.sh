#!/bin/sh
# Builds spamgear in every way that finds mistakes, then runs all tests with one ctest.
#
#   sh tests/run.sh                                      everything; under 15 minutes on 2 cores
#   sh tests/run.sh unit|cases|scan|truth|servers|lint|fuzz   a part
#   FUZZ_SECONDS=600 sh tests/run.sh fuzz                fuzz longer (3 s a target otherwise)
#   BUILD=/somewhere sh tests/run.sh                     build there, not in ./build-tests
#
# Builds: gcc with address and undefined sanitizers, leak checking on (all tests); gcc with
# thread sanitizer (tests labelled `threads`); gcc optimised, as it is shipped, and clang with
# the fuzz targets, both of which must compile without a warning.
#
# Needs Debian 12 or later. What is missing is installed when root runs this; others are told
# what to install. A bare root made with `mmdebstrap --variant=minbase bookworm` will do, with
# the checkout copied in, /proc and /dev mounted (sanitizers read /proc/self/maps), a writable
# /tmp, apt sources that answer, and ptrace permitted (the leak checker stops its threads).
# No git, locale, sudo or running init is needed.
set -eu

part=${1:-all}
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=${BUILD:-$top/build-tests}
jobs=$(nproc)

build_packages="gcc libc6-dev cmake ninja-build pkg-config libpcre2-dev zlib1g-dev liblzma-dev
    libzstd-dev libc-ares-dev libpsl-dev libmaxminddb-dev libsystemd-dev libxxhash-dev libssl-dev
    libseccomp-dev libsqlite3-dev libclamav-dev libcurl4-openssl-dev libesmtp-dev
    libmariadb-dev libpq-dev"
run_packages="xz-utils zstd gzip tzdata"
scan_packages="perl-base util-linux mount strace"
clang_packages="clang-14 libclang-rt-14-dev llvm-14"
lint_packages="clang-format-14 universal-ctags shellcheck mandoc systemd logrotate"
truth_packages="systemd systemd-journal-remote python3"

packages_of() {
    case $1 in
    unit | cases) echo "$run_packages" ;;
    scan) echo "$run_packages $scan_packages" ;;
    truth) echo "$run_packages $truth_packages" ;;
    servers) sed 's/#.*//' "$top/tests/servers/packages" ;;
    fuzz) echo "$clang_packages" ;;
    lint) echo "$lint_packages" ;;
    all) for one in unit scan truth servers fuzz lint; do packages_of $one; done ;;
    *)
        echo "usage: sh tests/run.sh [unit|cases|scan|truth|servers|lint|fuzz]" >&2
        exit 2
        ;;
    esac
}

missing_packages() {
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            printf ' %s' "$package"
    done
}

# Services of installed packages must not start: the tests start their own on loopback.
apt_install() {
    policy=/usr/sbin/policy-rc.d
    ours=
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && ours=yes
    fi
    export DEBIAN_FRONTEND=noninteractive
    status=0
    apt-get -q update && apt-get -q install -y --no-install-recommends "$@" || status=$?
    [ -z "$ours" ] || rm -f $policy
    return $status
}

install_packages() {
    # shellcheck disable=SC2046,SC2086  # lists of words
    missing=$(missing_packages $build_packages $(packages_of "$part"))
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "tests/run.sh: not installed, and only root can: apt-get install$missing" >&2
        exit 2
    fi
    echo "Installing:$missing"
    # shellcheck disable=SC2086
    if ! apt_install $missing >"$build/apt.log" 2>&1; then
        tail -n 30 "$build/apt.log" >&2
        echo "tests/run.sh: apt-get failed; all of it is in $build/apt.log" >&2
        exit 2
    fi
}

# Configures and builds $build/NAME; the log is shown only when that fails.
make_build() { # NAME COMPILER TARGET CMAKE-OPTION...
    name=$1 compiler=$2 target=$3
    shift 3
    echo "Building $name ($compiler)"
    mkdir -p "$build/$name"
    if ! { cmake -S "$top" -B "$build/$name" -G Ninja -DCMAKE_C_COMPILER="$compiler" "$@" &&
        cmake --build "$build/$name" -j "$jobs" --target "$target"; } >"$build/$name.log" 2>&1; then
        grep -E -A 12 'FAILED|error|Error' "$build/$name.log" | head -n 120 >&2
        echo "tests/run.sh: build $name failed; all of it is in $build/$name.log" >&2
        exit 1
    fi
}

build_checked() {
    make_build checked gcc all -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG='-g -O1' \
        -DSPAMGEAR_SANITIZE=address,undefined
}

build_fuzz() {
    make_build fuzz clang-14 all -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG='-g -O1' \
        -DSPAMGEAR_SANITIZE=address,undefined -DSPAMGEAR_FUZZ=ON \
        -DSPAMGEAR_FUZZ_SECONDS="${FUZZ_SECONDS:-3}"
}

build_threads() {
    make_build threads gcc all -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG='-g -O1' \
        -DSPAMGEAR_SANITIZE=thread
}

builds_of() {
    case $1 in
    fuzz) build_fuzz && folders=fuzz ;;
    all)
        build_checked && build_threads && build_fuzz && folders='checked threads fuzz'
        make_build shipped gcc spamgear -DCMAKE_BUILD_TYPE=RelWithDebInfo
        ;;
    *) build_checked && folders=checked ;;
    esac
}

mkdir -p "$build"
packages_of "$part" >"$build/packages"
install_packages
builds_of "$part"

# One list of tests over all builds, in the way cmake writes it for subfolders.
for folder in $folders; do
    printf 'subdirs("%s")\n' "$folder"
done >"$build/CTestTestfile.cmake"

asan="detect_leaks=1:strict_string_checks=1:check_initialization_order=1"
export ASAN_OPTIONS="$asan:suppressions=$top/tests/servers/asan.suppressions"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="halt_on_error=1"
# Old sanitizer runtimes cannot live with the address randomisation of newer kernels.
set --
if setarch "$(uname -m)" -R true 2>/dev/null; then
    set -- setarch "$(uname -m)" -R
fi
label=.
[ "$part" = all ] || label="^$part\$"
left_out='^$'
if [ "$part" = all ] && [ "$(id -u)" -ne 0 ]; then
    echo "The tests with real servers need root and are left out."
    left_out='^servers$'
fi
# Half of the tests mostly wait for servers and deadlines: more at a time than there are cores.
exec "$@" ctest --test-dir "$build" -L "$label" -LE "$left_out" -j $((jobs + (jobs + 1) / 2)) \
    --output-on-failure --no-tests=error
