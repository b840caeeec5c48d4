using System.Text;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks.Peer;

/// <summary>A Linux guest with one program in it.</summary>
/// <param name="Kernel">The unpacked kernel, which boots fastest.</param>
/// <param name="PackedKernel">The same kernel as Debian ships it, which needs less memory.</param>
/// <param name="InitialFileSystem">Modules, busybox, the program.</param>
public sealed record Peer(string Kernel, string PackedKernel, string InitialFileSystem);

/// <summary>Builds the guest that ours is compared with, under artifacts/peer: Debian's cloud kernel, and the same program as a static
/// Linux process. Packages are fetched and unpacked there; nothing is installed.</summary>
public sealed class PeerBuild(Repository repository)
{
    private const string KernelPackage = "linux-image-cloud-amd64";
    private const string ShellPackage = "busybox-static";

    // In the order of their dependencies.
    private static readonly string[] _modules =
    [
        "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_mmio", "drivers/virtio/virtio_pci_modern_dev",
        "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci", "net/core/failover", "drivers/net/net_failover", "drivers/net/virtio_net",
    ];

    private const string DiskModule = "drivers/block/virtio_blk";

    private readonly DebianPackages _debian = new(Path.Combine(repository.Artifacts, "peer"), "the Linux guest to compare with");

    private string Home => Path.Combine(repository.Artifacts, "peer");

    private string Unpacked => _debian.Unpacked;

    /// <summary>The peer that runs <paramref name="app"/>, with virtio disks if it is to have some; what exists already is used.</summary>
    public async Task<Peer> EnsureAsync(App app, CancellationToken cancellation, bool withDisks = false)
    {
        await SystemPackages.RequireAsync([.. SystemPackages.Building, new("dpkg", "dpkg-deb", "unpacks the Linux guest's kernel")], cancellation).ConfigureAwait(false);
        Directory.CreateDirectory(Home);
        await _debian.EnsureAsync(KernelPackage, [ShellPackage], $"Debian's cloud kernel ({KernelPackage}) and its shell ({ShellPackage}), about 30 MB", cancellation).ConfigureAwait(false);

        var packed = Directory.EnumerateFiles(Path.Combine(Unpacked, "boot"), "vmlinuz-*").Single();
        var kernel = Path.Combine(Home, "vmlinux");
        if (!File.Exists(kernel))
        {
            await File.WriteAllBytesAsync(kernel, BzImage.Unpack(await File.ReadAllBytesAsync(packed, cancellation).ConfigureAwait(false)), cancellation).ConfigureAwait(false);
        }

        var program = await PublishAsync(app, cancellation).ConfigureAwait(false);
        var archive = Path.Combine(Home, app.Name + (withDisks ? ".disks.cpio" : ".cpio"));
        await using (var output = File.Create(archive))
        {
            WriteArchive(new CpioArchive(output), program, withDisks ? [.. _modules, DiskModule] : _modules);
        }

        return new Peer(kernel, packed, archive);
    }

    private async Task<string> PublishAsync(App app, CancellationToken cancellation)
    {
        var project = Path.GetFileNameWithoutExtension(app.ProjectFile);
        var program = Path.Combine(repository.Artifacts, "publish", "static", project, project);
        var stampFile = Path.Combine(Home, app.Name + ".stamp");
        var stamp = SourceStamp.Of(repository, app);
        if (File.Exists(program) && File.Exists(stampFile) && await File.ReadAllTextAsync(stampFile, cancellation).ConfigureAwait(false) == stamp)
        {
            return program;
        }

        var result = await Output.StepAsync($"building {app.Name} as a static Linux process", () => HostProcess.CaptureAsync(
            "dotnet",
            ["publish", app.ProjectFile, "-c", "Release", "-p:TroupeStatic=true", "--nologo", "-v", "quiet"],
            cancellation,
            repository.Root)).ConfigureAwait(false);
        if (result.ExitCode != 0 || !File.Exists(program))
        {
            throw new UserError($"{app.Name} does not build as a Linux process:\n{ImageBuild.Diagnostics(result.Output)}", exitCode: ExitCodes.Failure);
        }

        await File.WriteAllTextAsync(stampFile, stamp, cancellation).ConfigureAwait(false);
        return program;
    }

    private void WriteArchive(CpioArchive archive, string program, IReadOnlyList<string> modules)
    {
        foreach (var directory in (string[])["bin", "dev", "proc", "sys", "tmp", "modules"])
        {
            archive.AddDirectory(directory);
        }

        // mem(4), console(4): the kernel opens the console before anything could have made it.
        archive.AddDevice("dev/console", 5, 1);
        archive.AddFile("bin/busybox", File.ReadAllBytes(Path.Combine(Unpacked, "bin", "busybox")));
        var kernel = Directory.EnumerateDirectories(Path.Combine(Unpacked, "lib", "modules")).Single();
        foreach (var module in modules)
        {
            archive.AddFile($"modules/{Path.GetFileName(module)}.ko", File.ReadAllBytes(Path.Combine(kernel, "kernel", module + ".ko")));
        }

        archive.AddFile("bin/app", File.ReadAllBytes(program));
        archive.AddFile("init", Encoding.ASCII.GetBytes(Init(modules)));
        archive.Complete();
    }

    /// <summary>The least that brings the network up: a fixed address instead of DHCP, no waiting.</summary>
    private static string Init(IReadOnlyList<string> modules)
    {
        var insert = string.Concat(modules.Select(module => $"$b insmod /modules/{Path.GetFileName(module)}.ko\n"));
        if (modules.Contains(DiskModule))
        {
            // A disk with one queue gets mq-deadline otherwise, which has nothing to win where no head moves.
            insert += "echo none > /sys/block/vda/queue/scheduler\n";
        }

        return $"""
            #!/bin/busybox sh
            b=/bin/busybox
            $b mount -t devtmpfs dev /dev
            $b mount -t proc proc /proc
            $b mount -t sysfs sys /sys
            {insert}$b ip link set lo up
            $b ip addr add 10.0.2.15/24 dev eth0
            echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad
            $b ip link set eth0 up
            $b ip addr add fd00:7::15/64 dev eth0
            $b ip route add default via 10.0.2.2
            exec /bin/app

            """.ReplaceLineEndings("\n");
    }
}
