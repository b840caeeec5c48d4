using System.Text;

namespace Troupe.Tools.Xen;

/// <summary>What the first domain runs: Linux's init brings the toolstack up and then does what the script of this run says.</summary>
public static class DomainZeroScripts
{
    /// <summary>The first domain's address on the bridge, and so the guests' router.</summary>
    public const string HostAddress = "10.77.0.1";

    /// <summary>The guest's address.</summary>
    public const string GuestAddress = "10.77.0.2";

    /// <summary>Begins each line of the guest's console.</summary>
    public const string ConsoleMark = "guest: ";

    /// <summary>Begins each line of the first domain's own.</summary>
    public const string OwnMark = "dom0: ";

    /// <summary>What xl runs when a guest's network card appears: it joins the bridge.</summary>
    public const string NetworkScript = """
        #!/bin/sh
        case "$1" in
        online) brctl addif br0 "$vif" && ip link set "$vif" up && xenstore-write "$XENBUS_PATH/hotplug-status" connected;;
        esac

        """;

    /// <summary>What xl runs when a guest's disk appears: its other half learns which device of the first domain it is.</summary>
    public const string DiskScript = """
        #!/bin/sh
        case "$1" in
        add) xenstore-write "$XENBUS_PATH/physical-device" "$(stat -c %t:%T "$(xenstore-read "$XENBUS_PATH/params")")" && xenstore-write "$XENBUS_PATH/hotplug-status" connected;;
        esac

        """;

    /// <summary>The most disks: so many have grants for all of their buffers, beside a network card (Drivers/Xen/Block/BlkFrontOptions.cs).</summary>
    public const int MostDisks = 3;

    /// <summary>What the other half of a network card or a disk offers: without a word, it would be one queue, because the first domain has one processor.</summary>
    public const int MostQueues = 4;

    /// <summary>The first program.</summary>
    public static string Init(IEnumerable<string> modules) => $$"""
        #!/bin/busybox sh
        export PATH=/bin
        /bin/busybox --install -s /bin
        mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run
        mkdir -p /run/xen /run/lock /run/xenstored /dev/pts /dev/shm
        mount -t devpts pts /dev/pts
        ln -sf /proc/self/fd /dev/fd; ln -sf /proc/self/fd/0 /dev/stdin
        exec >/dev/hvc0 2>&1 </dev/hvc0
        say() { echo "{{OwnMark}}$*"; }
        for module in {{string.Join(' ', modules)}}; do case $module in xen-netback|xen-blkback) parameters=max_queues={{MostQueues}};; *) parameters=;; esac; insmod /modules/$module.ko $parameters || say "module $module does not load"; done
        mount -t xenfs xenfs /proc/xen
        xenstored --pid-file /run/xenstored.pid && xen-init-dom0 >/dev/null && xenconsoled --log=guest --log-dir=/var/log/xen/console --pid-file=/run/xenconsoled.pid || say "the toolstack does not start"
        brctl addbr br0; ip addr add {{HostAddress}}/24 dev br0; ip link set br0 up
        say "toolstack up after $(cut -d' ' -f1 /proc/uptime) s"
        . /guest/run.sh
        say "done"
        poweroff -f

        """;

    /// <summary>A guest's configuration for xl.</summary>
    public static string Configuration(int processors, int memory, string commandLine, bool network, int disks) => string.Join('\n',
        "name=\"guest\"",
        "type=\"pvh\"",
        "kernel=\"/guest/image\"",
        $"memory={memory}",
        $"vcpus={processors}",
        // Each on an emulated processor of its own, beside the first domain's.
        $"cpus=[{string.Join(',', Enumerable.Range(1, processors).Select(processor => $"\"{processor}\""))}]",
        // Emulated Xen would trap each read of the time-stamp counter, and fail at RDTSCP.
        "tsc_mode=\"native\"",
        "on_poweroff=\"destroy\"",
        "on_crash=\"destroy\"",
        "on_reboot=\"destroy\"",
        $"cmdline=\"{commandLine.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"",
        // The first domain's disks, of which nothing else uses any.
        disks > 0 ? $"disk=[{string.Join(',', Enumerable.Range(0, disks).Select(static disk => $"\"format=raw,vdev=xvd{(char)('a' + disk)},access=rw,script=block-troupe,target=/dev/vd{(char)('a' + disk)}\""))}]" : string.Empty,
        network ? "vif=[\"bridge=br0,script=/etc/xen/scripts/vif-troupe\"]" : string.Empty,
        string.Empty);

    /// <summary>Creates the guest, shows its console as it comes, runs <paramref name="meanwhile"/>, waits for the guest's end and tells what Xen logged of it.</summary>
    public static string Run(string meanwhile) => $$"""
        touch /var/log/xen/console/guest-guest.log
        tail -f /var/log/xen/console/guest-guest.log | while IFS= read -r line; do echo "{{ConsoleMark}}$line"; done &
        xl create -q /guest/configuration 2>/tmp/create || { cat /tmp/create; say "xl create failed"; }
        {{meanwhile}}
        while xl list guest >/dev/null 2>&1; do sleep 1; done
        sleep 1
        sed 's/^/{{OwnMark}}xl: /' /var/log/xen/xl-guest.log
        xl dmesg | grep '(d1)' | sed 's/^/{{OwnMark}}log: /'

        """;

    /// <summary>The bytes of a script.</summary>
    public static byte[] Text(string script) => Encoding.ASCII.GetBytes(script.ReplaceLineEndings("\n"));
}
