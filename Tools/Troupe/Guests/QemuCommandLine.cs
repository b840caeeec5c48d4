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

        arguments.AddRange(Network(options, bus));
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

    private static IEnumerable<string> Network(GuestOptions options, string bus)
    {
        if (options.Network.Kind == GuestNetworkKind.None)
        {
            yield break;
        }

        yield return "-netdev";
        var network = options.Network;
        yield return network.Kind switch
        {
            GuestNetworkKind.Tap => $"tap,id=net0,ifname={network.Tap},script=no,downscript=no",
            GuestNetworkKind.Datagrams => $"dgram,id=net0,local.type=unix,local.path={network.OwnSocket},remote.type=unix,remote.path={network.PeerSocket}",
            _ => "user,id=net0" + string.Concat(options.Forwards.Select(forward =>
                $",hostfwd=tcp:127.0.0.1:{Number(forward.HostPort)}-:{Number(forward.GuestPort)}")),
        };
        yield return "-device";
        // No option ROM: nothing boots from this card, and QEMU would look for a file that Debian packages elsewhere.
        yield return $"virtio-net-{bus},netdev=net0" + (bus == "pci" ? ",romfile=" : string.Empty);
        if (options.CaptureFile is { } file)
        {
            yield return "-object";
            yield return $"filter-dump,id=capture0,netdev=net0,file={file}";
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
