#!/bin/sh
# Runs a command of the shell as root in a virtual machine, for what depends on the kernel and on how it was started: there,
# only cgroup2 is mounted. It sees this machine's files, and what it writes goes with it. With the packages qemu-system-x86 and
# busybox-static, and a kernel of Debian's, which is not to be installed:
#
#     apt-get download linux-image-6.1.0-56-amd64 && dpkg -x linux-image-*.deb kernel
#     KERNEL=kernel tests/support/vm.sh 'npx vitest run --project fast tests/cgroup'
#
# ACCEL=kvm makes it quicker, where there is one. The exit status is the command's.
set -e
modules='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p overlay'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/modules" "$work/root/bin"
cp /bin/busybox "$work/root/bin/"
for module in $modules; do cp "$(find "$KERNEL/lib/modules" -name "$module.ko")" "$work/root/modules/"; done
printf '%s\n' "$*" > "$work/root/command"
cat > "$work/root/init" <<END
#!/bin/busybox sh
export PATH='$PATH'
/bin/busybox --install -s /bin
mkdir -p /proc /host /writable /new
mount -t proc proc /proc
for module in $modules; do insmod /modules/\$module.ko; done
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro host /host
mount -t tmpfs writable /writable
mkdir /writable/upper /writable/work
mount -t overlay root -o lowerdir=/host,upperdir=/writable/upper,workdir=/writable/work /new
mount -t proc proc /new/proc
mount -t sysfs sysfs /new/sys
mount -t devtmpfs dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts devpts /new/dev/pts
mount -t tmpfs shm /new/dev/shm
for directory in tmp run; do mount -t tmpfs -o mode=1777 \$directory /new/\$directory; done
mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
ip link set lo up
cp /command /new/run/command
cat > /new/run/init <<'INIT'
cd '$PWD'
uname -r > /dev/console
HOME=/root CI=1 sh /run/command < /dev/null > /dev/console 2>&1
printf '\nstatus %s\n' \$? > /dev/console
echo o > /proc/sysrq-trigger
while :; do :; done
INIT
exec switch_root /new /bin/sh /run/init
END
chmod +x "$work/root/init"
(cd "$work/root" && find . | busybox cpio -o -H newc > ../initrd 2> /dev/null)
qemu-system-x86_64 -accel "${ACCEL:-tcg}" -smp 2 -m 3072 -nographic -no-reboot -nic none \
  -kernel "$(echo "$KERNEL"/boot/vmlinuz-*)" -initrd "$work/initrd" -append 'console=ttyS0 quiet panic=-1' \
  -virtfs local,path=/,mount_tag=host,security_model=passthrough,readonly=on,multidevs=remap < /dev/null | tee "$work/console"
exit "$(sed -n 's/^status \([0-9]*\).*/\1/p' "$work/console" | tail -n 1)"
