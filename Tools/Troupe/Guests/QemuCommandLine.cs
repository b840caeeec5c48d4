using System.Globalization;

namespace Troupe.Tools.Guests;

/// <summary>Turns <see cref="GuestOptions"/> into QEMU's arguments; the reasons are in docs/debugging.md.</summary>
public static class QemuCommandLine
{
    /// <summary>The emulator.</summary>
    public const string Program = "qemu-system-x86_64";

    /// <summary>The arguments of QEMU for a guest.</summary>
    public static IReadOnlyList<string> For(GuestOptions options)
    {
        List<string> arguments = ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"];
        var microVm = options.Machine == GuestMachine.MicroVm;
        if (microVm)
        {
            arguments.AddRange(["-M", $"microvm,acpi={(options.MicroVmAcpi ? "on" : "off")}", "-global", "virtio-mmio.force-legacy=false"]);
        }
        else
        {
            arguments.AddRange(["-M", "q35"]);
            if (options.Firmware == GuestFirmware.Qboot)
            {
                arguments.AddRange(["-bios", "qboot.rom"]);
            }
        }

        // With one possible processor TCG leaves out memory barriers, and the guest is no longer ordered against
        // QEMU's I/O thread: a virtio queue stalls now and then. Two possible ones are enough to get them.
        var processors = options.Processors == 1 ? "1,maxcpus=2" : Number(options.Processors);
        arguments.AddRange(
        [
            "-accel", "tcg", "-cpu", options.CpuModel, "-smp", processors, "-m", Number(options.Memory),
            "-kernel", options.Image, "-append", options.CommandLine,
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            // signal=off: Ctrl-C is for troupe, which then ends the guest.
            "-chardev", "stdio,id=serial0,signal=off", "-serial", "chardev:serial0",
        ]);
        if (options.CountsInstructions)
        {
            // sleep=off: when the guest waits, its time jumps to the next alarm.
            arguments.AddRange(["-icount", "shift=0,sleep=off"]);
        }

        var bus = microVm ? "device" : "pci";
        if (options.EntropyDevice)
        {
            arguments.AddRange(["-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", $"virtio-rng-{bus},rng=rng0"]);
        }

        arguments.AddRange(Network(options, bus, options.Network, 0));
        for (var card = 1; card <= options.FurtherNetworks.Count; card++)
        {
            arguments.AddRange(Network(options, bus, options.FurtherNetworks[card - 1], card));
        }

        for (var disk = 0; disk < options.Disks.Count; disk++)
        {
            arguments.AddRange(Disk(options.Disks[disk], disk, bus, options.Processors));
        }

        arguments.AddRange(Channels(options.Channels, bus));
        if (options.DebuggerPort is { } port)
        {
            arguments.AddRange(["-S", "-gdb", $"tcp:127.0.0.1:{Number(port)}"]);
        }

        if (options.MonitorSocket is { } socket)
        {
            arguments.AddRange(["-monitor", $"unix:{socket},server=on,wait=off"]);
        }

        arguments.AddRange(options.Extra);
        return arguments;
    }

    /// <summary>
    /// A disk: a comma in a name is written twice. What the guest flushes QEMU does (fdatasync); until then it is in this host's cache. On PCI it has a queue for each processor, and a vector
    /// for each queue; on virtio-mmio one interrupt would serve all.
    /// </summary>
    internal static IEnumerable<string> Disk(string file, int disk, string bus, int processors) =>
    [
        "-drive", $"if=none,id=disk{Number(disk)},format=raw,discard=unmap,file={file.Replace(",", ",,", StringComparison.Ordinal)}",
        "-device", $"virtio-blk-{bus},drive=disk{Number(disk)}" + (bus == "pci" ? $",num-queues={Number(processors)}" : string.Empty),
    ];

    /// <summary>Console ports, whose other ends are Unix sockets that QEMU makes: a program comes and goes there, one at a time.</summary>
    internal static IEnumerable<string> Channels(IReadOnlyList<GuestChannel> channels, string bus)
    {
        if (channels.Count == 0)
        {
            return [];
        }

        return
        [
            "-device", $"virtio-serial-{bus}",
            .. channels.SelectMany((channel, index) => (string[])
            [
                "-chardev", $"socket,id=channel{Number(index)},path={Escaped(channel.Socket)},server=on,wait=off",
                "-device", $"virtserialport,chardev=channel{Number(index)},name={Escaped(channel.Name)}",
            ]),
        ];
    }

    private static string Escaped(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    private static IEnumerable<string> Network(GuestOptions options, string bus, GuestNetwork network, int card)
    {
        if (network.Kind == GuestNetworkKind.None)
        {
            yield break;
        }

        var id = $"net{Number(card)}";
        yield return "-netdev";
        yield return network.Kind switch
        {
            GuestNetworkKind.Tap => $"tap,id={id},ifname={network.Tap},script=no,downscript=no" + (network.QueuePairs > 1 ? $",queues={Number(network.QueuePairs)}" : string.Empty),
            GuestNetworkKind.Datagrams => $"dgram,id={id},local.type=unix,local.path={network.OwnSocket},remote.type=unix,remote.path={network.PeerSocket}",
            // Networks of their own: 10.0.3.0/24 for the second card, as 10.0.2.0/24 is for the first.
            _ when card > 0 => $"user,id={id},net=10.0.{Number(FirstUserNetwork + card)}.0/24,ipv6-prefix=fec0:0:0:{Number(card)}::",
            _ => $"user,id={id}" + string.Concat(options.Forwards.Select(forward =>
                $",hostfwd=tcp:127.0.0.1:{Number(forward.HostPort)}-:{Number(forward.GuestPort)}")),
        };
        yield return "-device";
        // No option ROM: nothing boots from this card, and QEMU would look for a file that Debian packages elsewhere.
        var device = options.Nic == GuestNic.Rtl8139 ? "rtl8139" : $"virtio-net-{bus}";
        // Vectors: one for each ring, for the configuration and for the queue of commands.
        yield return $"{device},netdev={id}" + (bus == "pci" ? ",romfile=" : string.Empty)
            + (network.QueuePairs > 1 ? $",mq=on,vectors={Number((2 * network.QueuePairs) + 2)}" : string.Empty);
        if (options.CaptureFile is { } file)
        {
            yield return "-object";
            yield return $"filter-dump,id=capture{Number(card)},netdev={id},file={file}{(card == 0 ? string.Empty : $".eth{Number(card)}")}";
        }
    }

    // The 2 of 10.0.2.0/24, QEMU's own network unless told otherwise.
    private const int FirstUserNetwork = 2;

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
