#!/usr/bin/env bash
# Builds a root directory with a whole Asterisk in it, which the tests run as a private instance.
#
#   asterisk_root.sh 22    Asterisk 22 from Debian sid (Debian 12 itself has none)
#   asterisk_root.sh 16    Asterisk 16 from Debian 11, for the old chan_sip dialect
#
# The root lands in ~/.cache/pbx-crm/asterisk-<major>. It is built under another name and renamed when
# whole, so an interrupted build leaves nothing that looks finished. Nothing in it is ever started here.
set -euo pipefail
major=${1:?22 or 16}
# Debian 11 keeps voicemail in a package of its own.
case $major in
    22) suite=sid packages=(asterisk asterisk-modules) ;;
    16) suite=bullseye packages=(asterisk asterisk-modules asterisk-voicemail) ;;
    *) echo "no Debian suite is known for Asterisk $major" >&2; exit 2 ;;
esac
cache=${PBX_CRM_CACHE:-$HOME/.cache/pbx-crm}
root=$cache/asterisk-$major
mkdir -p "$cache"
# Two checkouts may build at once; the second finds the first one's root.
exec 9>"$cache/asterisk-$major.lock"
flock 9
[ "$(cat "$root/.whole" 2>/dev/null)" = "${packages[*]}" ] && exit 0

# apt itself reads both styles of its sources files; the first archive that carries the suite is taken.
mirror_of_this_machine() {
    local uri
    [ -n "$(apt-get indextargets)" ] || apt-get update -qq >&2 || true
    for uri in $(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u); do
        if /usr/lib/apt/apt-helper -qq download-file "${uri%/}/dists/$suite/InRelease" "$1/InRelease" 2>/dev/null
        then
            echo "${uri%/}"
            return 0
        fi
    done
    return 1
}

build=$(mktemp -d "$cache/asterisk-$major.building.XXXXXX")
trap 'rm -rf --one-file-system "$build"' EXIT
chmod 755 "$build"
scratch=$build.scratch
mkdir "$scratch"
trap 'rm -rf --one-file-system "$build" "$scratch"' EXIT
if ! mirror=$(mirror_of_this_machine "$scratch"); then
    echo "no archive in this machine's apt sources carries $suite: no Asterisk $major" >&2
    exit 1
fi

# debootstrap fetches with wget, which does not read apt's proxy settings.
eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
export http_proxy=${http_proxy:-} https_proxy=${https_proxy:-}
echo "Asterisk $major: a root from $mirror $suite (some minutes, once)"
log=$cache/asterisk-$major.log
if ! debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    "$suite" "$build" "$mirror" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "debootstrap of $suite failed; the whole story is in $log" >&2
    exit 1
fi

# No service may start in there, no fsync is worth its time, and a frozen mirror is good enough.
printf '#!/bin/sh\nexit 101\n' >"$build/usr/sbin/policy-rc.d"
chmod 755 "$build/usr/sbin/policy-rc.d"
echo force-unsafe-io >"$build/etc/dpkg/dpkg.cfg.d/pbx-crm"
cat >"$build/etc/apt/apt.conf.d/00pbx-crm" <<APT
APT::Sandbox::User "root";
APT::Install-Recommends "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT
apt-config dump | grep -E '^Acquire::https?::Proxy' >>"$build/etc/apt/apt.conf.d/00pbx-crm" || true
cp /etc/resolv.conf "$build/etc/resolv.conf"
cp /etc/hosts "$build/etc/hosts"

in_root() {
    chroot "$build" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive http_proxy="$http_proxy" https_proxy="$https_proxy" "$@" >>"$log" 2>&1
}
if ! { in_root apt-get update && in_root apt-get install -qy "${packages[@]}"; }; then
    tail -n 5 "$log" >&2
    echo "Asterisk $major could not be installed into its root; the whole story is in $log" >&2
    exit 1
fi
in_root apt-get clean
rm -rf "$build"/var/lib/apt/lists/*
chroot "$build" /usr/sbin/asterisk -V
echo "${packages[*]}" >"$build/.whole"
[ -e "$root" ] && mv "$root" "$build.old"
mv "$build" "$root"
rm -rf --one-file-system "$build.old"
