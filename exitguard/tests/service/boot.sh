#!/bin/sh
# A machine for one test: systemd as process 1 of namespaces of its own, in a tree that is only in memory, with the
# network namespace of whoever starts this. When standard input ends, all of it does.
#
#   boot.sh keep ROOT SOURCES BINARY     ROOT is an empty folder; the process id of systemd comes to be in ROOT/pid
set -eu
phase=$1
root=$2
sources=$3
binary=$4

keep() {
    mount --make-rprivate /
    mkdir "$root/groups"
    mount -t cgroup2 cgroup2 "$root/groups"
    group=$root/groups/exitguard-test-$$
    mkdir "$group"
    (
        echo 0 >"$group/cgroup.procs"
        exec unshare --mount --pid --fork --kill-child --uts --ipc --cgroup sh "$0" init "$root" "$sources" "$binary" \
            </dev/null >"$root/console" 2>&1
    ) &
    machine=$!
    read -r _ || :
    # What else is in its namespace is gone before process 1 is.
    [ ! -s "$root/pid" ] || kill -KILL "$(cat "$root/pid")" || :
    wait "$machine" || :
    find "$group" -depth -type d -exec rmdir {} +
}

init() {
    # By the number that the machine knows it by.
    read -r pid _ </proc/self/stat
    tree=$root/tree
    mkdir "$tree"
    mount -t tmpfs -o mode=755 tree "$tree"
    cd "$tree"
    mkdir -p before dev etc/logrotate.d proc root run src/packaging src/target/release sys tmp usr var/lib var/log
    ln -s ../run var/run
    chmod 1777 tmp
    for folder in bin lib lib64 sbin; do
        ln -s usr/$folder $folder
    done
    mount --bind /usr usr
    mount -o remount,bind,ro usr
    mount -t tmpfs local usr/local
    mkdir usr/local/bin usr/local/sbin
    # Of the units of this machine only those that any other has.
    mount -t tmpfs units usr/lib/systemd/system
    for unit in basic local-fs local-fs-pre multi-user network network-online paths shutdown slices sockets swap sysinit \
        time-set time-sync timers umount; do
        cp "/usr/lib/systemd/system/$unit.target" usr/lib/systemd/system/
    done
    mkdir usr/lib/systemd/system/sockets.target.wants
    for unit in systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service; do
        cp "/usr/lib/systemd/system/$unit" usr/lib/systemd/system/
        ln -s "../$unit" usr/lib/systemd/system/sockets.target.wants/
    done

    mount --bind "$sources/packaging" src/packaging
    : >src/target/release/exitguard
    mount --bind "$binary" src/target/release/exitguard

    mount -t tmpfs -o mode=755 dev dev
    mkdir dev/net dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    for device in full null random tty urandom zero net/tun; do
        : >dev/$device
        mount --bind /dev/$device dev/$device
    done
    # What systemd says before there is a journal.
    : >dev/console
    mount --bind "$root/console" dev/console

    mount -t proc -o nosuid,nodev,noexec proc proc
    # Most of what can be set here is the machine's; what is of the network is not.
    mount --bind proc/sys proc/sys
    mount --bind proc/sys/net proc/sys/net
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t bpf -o mode=700 bpf sys/fs/bpf

    echo 0123456789abcdef0123456789abcdef >etc/machine-id
    cp /etc/ld.so.cache /etc/nsswitch.conf etc/
    hostname exit-node
    SYSTEMD_LOG_LEVEL=warning systemd-sysusers --root="$tree"

    pivot_root . before
    echo "$pid" >"before$root/pid"
    umount -l /before
    rmdir /before
    exec env -i container=test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
        /usr/lib/systemd/systemd --unit=multi-user.target
}

"$phase"
