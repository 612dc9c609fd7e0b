# SPDX-License-Identifier: Apache-2.0
# setup.sh - what quickstart.sh and check.sh share: finding the tree, installing
# Debian packages, configuring and building.  Sourced, never run.  Sets top.

set -eu
top=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# libc6-dev, zlib1g-dev: only recommended by, or by chance behind, the others.
build_packages="gcc libc6-dev make autoconf automake libtool pkg-config \
libhwloc-dev libnifti2-dev zlib1g-dev libpng-dev libjansson-dev libdnnl-dev"

# One line per argument.
say() {
    printf '%s\n' "$@"
}

die() {
    printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2
    exit 1
}

is_debian() {
    [ -r /etc/os-release ] && command -v apt-get >/dev/null 2>&1 &&
        command -v dpkg-query >/dev/null 2>&1 &&
        (. /etc/os-release && case " ${ID:-} ${ID_LIKE:-} " in *' debian '*) ;; *) exit 1 ;; esac)
}

# Prints those of the named packages that are not installed.
missing_packages() {
    for package; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *' installed') ;;
        *) printf ' %s' "$package" ;;
        esac
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# install_packages PACKAGE...: installs what is missing, without a question.
install_packages() {
    is_debian || die "this is not a Debian system.  Install what these Debian packages hold:
  $*
then: autoreconf -fi && ./configure && make && make check && make install"
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null 2>&1; then
        die "neither root nor sudo; as root, run:
  apt-get update && apt-get install --yes$missing"
    fi
    say "Installing with apt-get:$missing"
    # Packages are split into words on purpose.
    if ! { as_root apt-get update && as_root apt-get install --yes --no-install-recommends \
        $missing; } >"${TMPDIR:-/tmp}/conv3d-apt.$$" 2>&1 </dev/null; then
        tail -n 20 "${TMPDIR:-/tmp}/conv3d-apt.$$" >&2
        rm -f "${TMPDIR:-/tmp}/conv3d-apt.$$"
        die "apt-get failed (above: its last lines)"
    fi
    rm -f "${TMPDIR:-/tmp}/conv3d-apt.$$"
}

# Makes ./configure, unless it is newer than everything it is made from.
make_configure() (
    cd "$top"
    for made in configure Makefile.in config.h.in; do
        [ -f "$made" ] || { autoreconf -fi; return; }
    done
    [ -z "$(find configure.ac Makefile.am VERSION m4/c3d_*.m4 ./*/sources.mk \
        -newer Makefile.in)" ] || autoreconf -fi
)
