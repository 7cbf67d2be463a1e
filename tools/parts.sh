#!/usr/bin/env bash
# Installs the real parts the tests stand on: PostgreSQL, MariaDB, Chromium, sox, and an Asterisk in a root of its own.
#
# Needs root on Debian 12. What cannot be had (no root, no network) is told here in a line each, and this
# script still ends well: the tests name the missing part in their summary, and fail for it where CI=true.
#
#   PBX_CRM_ASTERISK="22 16"   which Asterisk versions to build (default both)
set -uo pipefail
cd "$(dirname "$0")/.."
versions=${PBX_CRM_ASTERISK:-22 16}

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=()
# MariaDB without its service: the tests start a server of their own.
# chromium brings no letters of its own: DejaVu has Cyrillic, Noto has Arabic and Persian, Droid has Chinese and Korean.
for package in postgresql mariadb-server-core mariadb-client-core chromium fonts-dejavu-core fonts-noto-core fonts-droid-fallback sox debootstrap debian-archive-keyring; do
    installed "$package" || missing+=("$package")
done
if [ "$(id -u)" != 0 ]; then
    echo "parts: not root, so nothing is installed; not there: ${missing[*]:-no package}" >&2
    exit 0
fi
if [ ${#missing[@]} != 0 ]; then
    apt-get update -q || echo "parts: apt-get update failed; is there a network?" >&2
    if ! installed postgresql; then
        # The tests start clusters of their own; the package's ready-made one would only sit on a port.
        mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/pbx-crm.conf
    fi
    for package in "${missing[@]}"; do
        DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$package" ||
            echo "parts: $package could not be installed" >&2
    done
fi
for version in $versions; do
    bash tools/asterisk_root.sh "$version" || echo "parts: there will be no Asterisk $version" >&2
done
exit 0
