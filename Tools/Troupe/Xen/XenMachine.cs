using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Guests;

namespace Troupe.Tools.Xen;

/// <summary>A guest on Xen.</summary>
internal sealed record XenGuestOptions
{
    /// <summary>The ELF to boot.</summary>
    public required string Image { get; init; }

    /// <summary>Virtual processors.</summary>
    public int Processors { get; init; } = 2;

    /// <summary>Megabytes.</summary>
    public int Memory { get; init; } = 256;

    /// <summary>The kernel's command line.</summary>
    public string CommandLine { get; init; } = string.Empty;

    /// <summary>Whether it has a network card on the first domain's bridge.</summary>
    public bool Network { get; init; } = true;

    /// <summary>Files that are the guest's disks, byte for byte.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>What the first domain's shell does while the guest runs.</summary>
    public string Meanwhile { get; init; } = string.Empty;
}

/// <summary>Xen with a Linux as first domain and one guest of ours beside it, all of it in an emulated machine.</summary>
internal sealed class XenMachine(XenParts parts)
{
    private const int FirstDomainMemory = 512, HypervisorMemory = 192;
    private const int FirstDomainProcessors = 1;

    /// <summary>Runs the guest to its end and hands on every line of the machine's serial port: Xen's, the first domain's, the guest's.</summary>
    public async Task<GuestExit> RunAsync(XenGuestOptions options, Action<string> onLine, CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("troupe-xen-");
        try
        {
            // The kernel unpacks archives one behind the other: the guest's follows the toolstack's.
            var archive = Path.Combine(directory.FullName, "initial.cpio");
            var stream = File.Create(archive);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(await File.ReadAllBytesAsync(parts.InitialFileSystem, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
                WriteGuest(new CpioArchive(stream), options);
            }

            using var guest = GuestProcess.StartQemu(CommandLine(options, archive), onLine);
            await using var ending = cancellation.Register(guest.Kill);
            var exit = await guest.Exit.ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
            return exit;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void WriteGuest(CpioArchive archive, XenGuestOptions options)
    {
        archive.AddFile("guest/image", File.ReadAllBytes(options.Image));
        archive.AddFile("guest/configuration", DomainZeroScripts.Text(DomainZeroScripts.Configuration(options.Processors, options.Memory, options.CommandLine, options.Network, options.Disks.Count)));
        archive.AddFile("guest/run.sh", DomainZeroScripts.Text(DomainZeroScripts.Run(options.Meanwhile)));
        archive.Complete();
    }

    private IReadOnlyList<string> CommandLine(XenGuestOptions options, string archive) =>
    [
        // Xen wants hardware virtualisation, which QEMU emulates for AMD; with SMAP and SMEP its emulated copies from guests fail.
        "-accel", "tcg", "-M", "q35", "-smp", $"{Math.Max(2, options.Processors + FirstDomainProcessors)}", "-m", $"{FirstDomainMemory + HypervisorMemory + options.Memory + 64}", "-cpu", "max,+svm,+npt,-smap,-smep,-erms",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-chardev", "stdio,id=serial0,signal=off", "-serial", "chardev:serial0",
        "-kernel", parts.Hypervisor, "-append", $"console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=all dom0=pv dom0_mem={FirstDomainMemory}M dom0_max_vcpus={FirstDomainProcessors} dom0_vcpus_pin noreboot",
        "-initrd", $"{parts.Kernel} console=hvc0 quiet,{archive}",
        .. options.Disks.SelectMany(static (file, disk) => QemuCommandLine.Disk(file, disk, "pci", FirstDomainProcessors)),
    ];
}
