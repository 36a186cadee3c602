#!/usr/bin/env bash
# install.sh [LIST]: installs the Debian packages of LIST (debian.txt) that are missing. With everything there it needs
# neither root nor network.
set -euo pipefail
list="$(dirname "${BASH_SOURCE[0]}")/${1:-debian.txt}"

if ! command -v dpkg-query >/dev/null; then
  echo "install: this is not a Debian system; install what $list names in your own way, then build with cmake" >&2
  exit 1
fi

mapfile -t wanted < <(sed 's/#.*//' "$list" | awk 'NF { print $1 }')
mapfile -t present < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
  awk '$1 == "installed" { print $2 }' | sort -u)
mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) <(printf '%s\n' "${present[@]}"))
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

echo "install: missing: ${missing[*]}" >&2
as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "install: needs root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
