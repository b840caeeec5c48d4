using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>One of the guests that are compared: everything but its image is the same for all of them.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Image">What QEMU's -kernel is given.</param>
/// <param name="CommandLine">Its kernel's command line.</param>
/// <param name="MicroVmWords">Words that its kernel needs besides, on a microvm.</param>
/// <param name="Extra">Further arguments for QEMU.</param>
public sealed record Contestant(string Name, string Image, string CommandLine, string MicroVmWords, IReadOnlyList<string> Extra)
{
    /// <summary>The port on which the program listens.</summary>
    public const int GuestPort = 8080;

    private const string Address = "ip=10.0.2.15/24 gateway=10.0.2.2";

    /// <summary>Our own kernel.</summary>
    public static Contestant Troupe(Image image) => new("troupe", image.Elf, Address, string.Empty, []);

    /// <summary>Our own kernel, with requests that run on the thread pool instead of on the actors' workers (Apps/Benchmark knows the word).</summary>
    public static Contestant TroupeOnPool(Image image) => new("troupe, on the pool", image.Elf, $"{Address} requests=pool", string.Empty, []);

    /// <summary>Debian's kernel: the unpacked one boots fastest, the packed one needs less memory.</summary>
    public static Contestant Linux(Peer.Peer peer, bool packed = false) =>
        // panic=-1: out of memory, it reboots, which ends QEMU at once.
        new("linux", packed ? peer.PackedKernel : peer.Kernel, "console=ttyS0 quiet panic=-1", ClockWords(), ["-initrd", peer.InitialFileSystem]);

    /// <summary>The guest. A microvm has ACPI here: Debian's kernel takes virtio-mmio devices from nowhere else.</summary>
    public GuestOptions On(GuestMachine machine, int processors, int memory) => new()
    {
        Image = Image,
        CommandLine = machine == GuestMachine.MicroVm ? $"{CommandLine} {MicroVmWords}".TrimEnd() : CommandLine,
        Extra = Extra,
        Machine = machine,
        MicroVmAcpi = true,
        Processors = processors,
        Memory = memory,
    };

    /// <summary>A microvm has no timer against which Linux knows how to calibrate the time-stamp counter, and it hangs without one; under
    /// TCG the counter is the host's.</summary>
    private static string ClockWords()
    {
        const string Clock = "cpu MHz";
        var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(Clock, StringComparison.Ordinal));
        return line is null
            ? string.Empty
            : string.Create(CultureInfo.InvariantCulture, $"tsc_early_khz={double.Parse(line.Split(':')[1], CultureInfo.InvariantCulture) * 1000:0}");
    }
}
