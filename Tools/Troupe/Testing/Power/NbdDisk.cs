using Troupe.Tools.Guests;

namespace Troupe.Tools.Testing.Power;

/// <summary>A disk of a guest that an <see cref="NbdServer"/> is.</summary>
public static class NbdDisk
{
    /// <summary>QEMU's arguments, for <see cref="GuestOptions.Extra"/>. What the guest flushes is flushed at the server, and nothing else is (writeback); QEMU keeps nothing of it. Several disks have numbers, in whose order the guest finds them.</summary>
    public static IReadOnlyList<string> Arguments(string socket, GuestMachine machine, int number = 0) =>
    [
        "-drive", $"if=none,id=volatile{number},format=raw,cache=writeback,discard=unmap,file.driver=nbd,file.server.type=unix,file.server.path={socket}",
        "-device", $"virtio-blk-{(machine == GuestMachine.MicroVm ? "device" : "pci")},drive=volatile{number}",
    ];
}
