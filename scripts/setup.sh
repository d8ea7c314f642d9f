#!/usr/bin/env bash
# Installs what the build, the tests and the demo need, from the distribution's packages only.
# Debian 12 and 13, Ubuntu 24.04. Usage: scripts/setup.sh [build|test|clients|bench|lint ...] (default: build test)
# Does nothing, without root and without the network, when everything is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)

# The packages are installed as root, everything else as who calls.
if command -v sudo >/dev/null 2>&1 && [ "$(id -u)" -ne 0 ]; then sudo=sudo; else sudo=; fi

# Boost 1.81 on Debian 12: its default (1.74) breaks Asio's coroutines. Elsewhere the default is newer.
boost_packages() {
  local version; version=$(sed -n 's/^#define BOOST_VERSION //p' /usr/include/boost/version.hpp 2>/dev/null || true)
  if [ "${version:-0}" -ge 108100 ]; then return 0
  elif apt-cache show libboost1.83-dev >/dev/null 2>&1; then echo libboost1.83-dev
  elif apt-cache show libboost1.81-dev >/dev/null 2>&1; then echo libboost1.81-dev
  else echo libboost-dev; fi
}

packages_build() {
  echo g++ make cmake ninja-build ccache pkg-config git ca-certificates python3 "$(boost_packages)" libmd-dev libyaml-cpp-dev \
    libspdlog-dev prometheus-cpp-dev libcli11-dev nlohmann-json3-dev doctest-dev librapidcheck-dev zlib1g-dev redis-server redis-tools
}
packages_test() { echo python3-venv tcl tcl-tls procps dpkg-dev patch spin gcc; }
# Toolchains of the client libraries, by command: many machines have newer ones than the distribution. Without them the
# libraries concerned are skipped, loudly.
packages_clients() {
  command -v npm >/dev/null || echo nodejs npm
  command -v go >/dev/null || echo golang-go
  command -v java >/dev/null || echo default-jdk-headless
  command -v mvn >/dev/null || echo maven
}
packages_bench() { echo libbenchmark-dev nutcracker haproxy; }
packages_lint() { echo clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev; }

missing() {
  local p
  for p in "$@"; do
    dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"
  done
}

# A service that the package starts would take port 6379 from the person's own Redis: installed, never started.
install_quietly() {
  local guard=/usr/sbin/policy-rc.d made=
  if [ ! -e "$guard" ]; then printf '#!/bin/sh\nexit 101\n' | $sudo tee "$guard" >/dev/null; $sudo chmod 755 "$guard"; made=1; fi
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || { [ -n "$made" ] && $sudo rm -f "$guard"; return 1; }
  [ -z "$made" ] || $sudo rm -f "$guard"
}

# hiredis speaks RESP3 from 1.0 on; Debian 12 has 0.14. Debian 13's source package is unpacked for CMake to build.
hiredis_source() {
  [ -f "$here/build/third_party/hiredis/hiredis.h" ] && return 0
  pkg-config --atleast-version=1.0 hiredis 2>/dev/null && return 0
  update_once
  if [[ $(apt-cache show libhiredis-dev 2>/dev/null) =~ Version:\ (1:)?[1-9] ]]; then
    [ -z "$(missing libhiredis-dev)" ] || install_quietly libhiredis-dev
    return 0
  fi
  "$here/scripts/debian-source.sh" hiredis trixie "$here/build/third_party/hiredis"
}

# A fresh machine has no package lists yet; which Boost to take can only be told with them.
update_once() {
  [ -z "${updated:-}" ] || return 0
  if [ "$(id -u)" -ne 0 ] && [ -z "$sudo" ]; then echo "setup: run it as root, or install sudo" >&2; exit 1; fi
  $sudo apt-get update -q
  updated=1
}

wanted() {
  local g
  for g in "$@"; do "packages_$g"; done
}

main() {
  local groups=("$@") g need
  [ ${#groups[@]} -gt 0 ] || groups=(build test)
  for g in "${groups[@]}"; do
    declare -F "packages_$g" >/dev/null || { echo "setup: there is no group $g; there are build test clients bench lint" >&2; exit 2; }
  done
  # shellcheck disable=SC2046
  need=$(missing $(wanted "${groups[@]}"))
  if [ -n "$need" ]; then
    update_once
    # shellcheck disable=SC2046
    need=$(missing $(wanted "${groups[@]}"))
    echo "setup: installing" $need
    # shellcheck disable=SC2086
    install_quietly $need
  fi
  hiredis_source
}
main "$@"
