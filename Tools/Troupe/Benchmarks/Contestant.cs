using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>One of the guests that are compared: everything but its image is the same for all of them.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Image">What QEMU's -kernel is given.</param>
/// <param name="CommandLine">Its kernel's command line.</param>
/// <param name="Extra">Further arguments for QEMU.</param>
public sealed record Contestant(string Name, string Image, string CommandLine, IReadOnlyList<string> Extra)
{
    /// <summary>The port on which the program listens.</summary>
    public const int GuestPort = 8080;

    /// <summary>Our own kernel.</summary>
    public static Contestant Troupe(Image image) => new("troupe", image.Elf, "ip=10.0.2.15/24 gateway=10.0.2.2", []);

    /// <summary>Debian's kernel: the unpacked one boots fastest, the packed one needs less memory.</summary>
    public static Contestant Linux(Peer.Peer peer, bool packed = false) =>
        // panic=-1: out of memory, it reboots, which ends QEMU at once.
        new("linux", packed ? peer.PackedKernel : peer.Kernel, "console=ttyS0 quiet panic=-1", ["-initrd", peer.InitialFileSystem]);

    /// <summary>The guest. A microvm has ACPI here: Debian's kernel takes virtio-mmio devices from nowhere else.</summary>
    public GuestOptions On(GuestMachine machine, int processors, int memory) => new()
    {
        Image = Image,
        CommandLine = CommandLine,
        Extra = Extra,
        Machine = machine,
        MicroVmAcpi = true,
        Processors = processors,
        Memory = memory,
    };
}
