using System.Text.RegularExpressions;
using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Xen;

/// <summary>What a Xen machine is made of, besides the guest.</summary>
/// <param name="Hypervisor">Xen itself, an ELF for QEMU's multiboot loader.</param>
/// <param name="Kernel">Linux for the first domain.</param>
/// <param name="InitialFileSystem">The first domain's files: the toolstack, and no guest yet.</param>
public sealed record XenParts(string Hypervisor, string Kernel, string InitialFileSystem);

/// <summary>Builds the Xen machine from Debian's packages, under artifacts/xen. They are fetched and unpacked there; nothing is installed.</summary>
public sealed partial class XenEnvironment(Repository repository)
{
    private const string Version = "4.17";
    private const string KernelPackage = "linux-image-amd64";

    // The toolstack and what its programs load, but for Python's and Perl's share, which serves other programs.
    private static readonly string[] _packages =
    [
        $"xen-hypervisor-{Version}-amd64", $"xen-utils-{Version}", "xenstore-utils", "busybox-static", "libc6", "libgcc-s1", "libyajl2", "libuuid1", "liblzma5", "libbz2-1.0",
        "libzstd1", "zlib1g", "libxencall1", "libxendevicemodel1", "libxenevtchn1", "libxenforeignmemory1", "libxengnttab1", "libxenhypfs1", $"libxenmisc{Version}", "libxenstore4",
        "libxentoolcore1", "libxentoollog1",
        // A client for HTTP, ab, and what it loads.
        "apache2-utils", "libapr1", "libaprutil1", "libcrypt1", "libexpat1", "libssl3",
    ];

    private static readonly string[] _programs = ["xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0", "libxl-save-helper"];

    private static readonly string[] _storePrograms = ["read", "write", "ls", "list", "exists", "rm"];

    // In the order of their dependencies.
    private static readonly string[] _modules =
    [
        "drivers/xen/xen-evtchn", "drivers/xen/xen-gntdev", "drivers/xen/xen-gntalloc", "drivers/xen/xen-privcmd", "drivers/xen/xenfs/xenfs",
        "drivers/net/xen-netback/xen-netback", "net/llc/llc", "net/802/stp", "net/bridge/bridge",
        // The guests' disks are QEMU's to the first domain, and the first domain's to the guests.
        "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci",
        "drivers/block/virtio_blk", "drivers/block/xen-blkback/xen-blkback",
    ];

    private readonly DebianPackages _debian = new(Path.Combine(repository.Artifacts, "xen"), "the Xen machine");

    private string Home => Path.Combine(repository.Artifacts, "xen");

    private string Unpacked => _debian.Unpacked;

    /// <summary>The machine's parts; what exists already is used.</summary>
    public async Task<XenParts> EnsureAsync(CancellationToken cancellation)
    {
        await SystemPackages.RequireAsync(
            [new("dpkg", "dpkg-deb", "unpacks Xen and its first domain"), new("binutils", "readelf", "finds the libraries of Xen's toolstack"), .. SystemPackages.Running],
            cancellation).ConfigureAwait(false);
        Directory.CreateDirectory(Home);
        await _debian.EnsureAsync(KernelPackage, _packages, "Debian's Xen, its toolstack and a Linux kernel for the first domain, about 80 MB", cancellation).ConfigureAwait(false);

        var hypervisor = Path.Combine(Home, "xen");
        if (!File.Exists(hypervisor))
        {
            await WriteWholeAsync(hypervisor, GZip.Unpack(Path.Combine(Unpacked, "boot", $"xen-{Version}-amd64.gz"))).ConfigureAwait(false);
        }

        // The scripts are part of this program: a new version of it makes the archive anew, which takes a moment.
        var archive = Path.Combine(Home, "domain0.cpio");
        using var files = new MemoryStream();
        await WriteArchiveAsync(new CpioArchive(files), cancellation).ConfigureAwait(false);
        await WriteWholeAsync(archive, files.ToArray()).ConfigureAwait(false);
        return new XenParts(hypervisor, Directory.EnumerateFiles(Path.Combine(Unpacked, "boot"), "vmlinuz-*").Single(), archive);
    }

    /// <summary>Another run may be reading the old file.</summary>
    private static async Task WriteWholeAsync(string file, byte[] content)
    {
        var beside = $"{file}.{Environment.ProcessId}";
        await File.WriteAllBytesAsync(beside, content).ConfigureAwait(false);
        File.Move(beside, file, overwrite: true);
    }

    private async Task WriteArchiveAsync(CpioArchive archive, CancellationToken cancellation)
    {
        foreach (var directory in (string[])["bin", "dev", "proc", "sys", "run", "tmp", "etc", "etc/xen", "etc/xen/scripts", "lib", "lib64", "var", "var/lib", "var/lib/xen", "var/log", "var/log/xen", "var/log/xen/console", "modules", "guest", "usr", "usr/lib", $"usr/lib/xen-{Version}"])
        {
            archive.AddDirectory(directory);
        }

        archive.AddLink("var/run", "/run");
        archive.AddLink("var/lock", "/run/lock");
        archive.AddDevice("dev/console", 5, 1);
        archive.AddFile("bin/busybox", await File.ReadAllBytesAsync(Path.Combine(Unpacked, "bin", "busybox"), cancellation).ConfigureAwait(false));
        archive.AddLink("bin/sh", "busybox");
        List<string> programs = [.. _programs.Select(name => Path.Combine(Unpacked, "usr", "lib", $"xen-{Version}", "bin", name)), Path.Combine(Unpacked, "usr", "bin", "xenstore"), Path.Combine(Unpacked, "usr", "bin", "ab")];
        foreach (var program in programs)
        {
            archive.AddFile($"bin/{Path.GetFileName(program)}", await File.ReadAllBytesAsync(program, cancellation).ConfigureAwait(false));
        }

        // Where xl looks for its own.
        archive.AddLink($"usr/lib/xen-{Version}/bin", "/bin");
        foreach (var name in _storePrograms)
        {
            archive.AddLink($"bin/xenstore-{name}", "xenstore");
        }

        foreach (var library in await LibrariesAsync(programs, cancellation).ConfigureAwait(false))
        {
            var directory = Path.GetFileName(library).StartsWith("ld-linux", StringComparison.Ordinal) ? "lib64" : "lib";
            archive.AddFile($"{directory}/{Path.GetFileName(library)}", await File.ReadAllBytesAsync(library, cancellation).ConfigureAwait(false));
        }

        var kernel = Directory.EnumerateDirectories(Path.Combine(Unpacked, "lib", "modules")).Single();
        foreach (var module in _modules)
        {
            archive.AddFile($"modules/{Path.GetFileName(module)}.ko", await File.ReadAllBytesAsync(Path.Combine(kernel, "kernel", module + ".ko"), cancellation).ConfigureAwait(false));
        }

        archive.AddFile("etc/xen/xl.conf", []);
        archive.AddFile("etc/xen/scripts/vif-troupe", DomainZeroScripts.Text(DomainZeroScripts.NetworkScript));
        archive.AddFile("etc/xen/scripts/block-troupe", DomainZeroScripts.Text(DomainZeroScripts.DiskScript));
        archive.AddFile("init", DomainZeroScripts.Text(DomainZeroScripts.Init(_modules.Select(module => Path.GetFileName(module)))));
        archive.Complete();
    }

    /// <summary>The shared libraries of programs, and theirs, by the names in their dynamic sections; and the one that glibc loads by itself.</summary>
    private async Task<IReadOnlyCollection<string>> LibrariesAsync(IEnumerable<string> programs, CancellationToken cancellation)
    {
        var known = new[] { "lib", "usr/lib" }.SelectMany(directory => Directory.EnumerateFiles(Path.Combine(Unpacked, directory, "x86_64-linux-gnu")))
            .ToLookup(file => Path.GetFileName(file));
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var open = new Queue<string>(programs);
        void Want(string name)
        {
            if (!found.ContainsKey(name))
            {
                found[name] = known[name].FirstOrDefault() ?? throw new UserError($"Debian's packages for Xen lack {name}.", exitCode: ExitCodes.Broken);
                open.Enqueue(found[name]);
            }
        }

        Want("libgcc_s.so.1");
        Want("ld-linux-x86-64.so.2");
        while (open.TryDequeue(out var file))
        {
            var sections = await HostProcess.CaptureAsync("readelf", ["-d", file], cancellation).ConfigureAwait(false);
            _debian.Require(sections);
            foreach (Match needed in Needed().Matches(sections.Output))
            {
                Want(needed.Groups[1].Value);
            }
        }

        return found.Values;
    }

    [GeneratedRegex(@"\(NEEDED\).*\[(.+)\]")]
    private static partial Regex Needed();
}
