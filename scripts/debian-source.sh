#!/usr/bin/env bash
# Unpacks the source package NAME of Debian's or Ubuntu's suite SUITE into DIR, from the mirror that apt already uses,
# with apt's own signature checks, in an apt state of its own: the system's lists stay as they are.
# Usage: scripts/debian-source.sh NAME SUITE DIR
set -euo pipefail
name=$1 suite=$2 dir=$3
# Other repositories that somebody added have no part in this; Ubuntu has redis in universe.
mirror_of() { apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Origin: $1" 2>/dev/null | grep -v security | sort -u | head -1 || true; }
mirror=$(mirror_of Debian) keyring=debian components=main
[ -n "$mirror" ] || { mirror=$(mirror_of Ubuntu) keyring=ubuntu components='main universe'; }
[ -n "$mirror" ] || { echo "debian-source: apt knows no mirror; run apt-get update first" >&2; exit 1; }
state=$(mktemp -d); trap 'rm -rf "$state"' EXIT
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/src"
# apt drops its rights to the user _apt while it loads; without this it warns and loads as root all the same.
chmod 755 "$state"; chmod 777 "$state/lists/partial" "$state/src"
printf 'deb-src [signed-by=/usr/share/keyrings/%s-archive-keyring.gpg] %s %s %s\n' "$keyring" "$mirror" "$suite" "$components" > "$state/list"
apt=(apt-get -q -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" -o Dir::Etc::sourcelist="$state/list" -o Dir::Etc::sourceparts=-)
"${apt[@]}" update
(cd "$state/src" && "${apt[@]}" source --download-only "$name")
tarball=$(ls "$state/src/${name}_"*.orig.tar.* | grep -v '\.asc$' | head -1)
rm -rf "$dir"; mkdir -p "$dir"
tar -xf "$tarball" -C "$dir" --strip-components=1
