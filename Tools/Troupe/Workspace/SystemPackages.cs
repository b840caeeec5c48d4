using Troupe.Tools.Terminal;

namespace Troupe.Tools.Workspace;

/// <summary>A Debian package and the file by which one sees that it, or its equal, is there.</summary>
/// <param name="Name">The name in Debian 12.</param>
/// <param name="Provides">A program in the path, or an absolute file name.</param>
/// <param name="Purpose">Why Troupe wants it.</param>
public sealed record SystemPackage(string Name, string Provides, string Purpose)
{
    /// <summary>True if what it provides is there, from wherever it came.</summary>
    public bool IsPresent => Provides.StartsWith('/') ? File.Exists(Provides) : HostProcess.Find(Provides) is not null;
}

/// <summary>What the tools want of the host, and how it gets there: asked for by the command that needs it, installed once, said aloud.</summary>
public static class SystemPackages
{
    /// <summary>To link an image.</summary>
    public static readonly IReadOnlyList<SystemPackage> Building =
    [
        new("gcc", "gcc", "assembles and links the image"),
        new("libc6-dev", "/usr/lib/x86_64-linux-gnu/libc.a", "the C library that the .NET runtime stands on"),
        new("binutils", "objcopy", "splits the debugging symbols off the image"),
        new("zlib1g-dev", "/usr/include/zlib.h", "the .NET native linker asks for it"),
    ];

    /// <summary>To link OpenSSL into an image, besides.</summary>
    public static readonly IReadOnlyList<SystemPackage> OpenSsl =
    [
        new("libssl-dev", "/usr/lib/x86_64-linux-gnu/libssl.a", "the app wants TLS or hashes (TroupeOpenSsl)"),
        new("cmake", "cmake", "compiles .NET's calls of OpenSSL, for TroupeOpenSsl"),
        new("make", "make", "compiles .NET's calls of OpenSSL, for TroupeOpenSsl"),
    ];

    /// <summary>To run a guest.</summary>
    public static readonly IReadOnlyList<SystemPackage> Running =
    [
        new("qemu-system-x86", "qemu-system-x86_64", "the machine the guest runs on"),
        new("seabios", "/usr/share/seabios/bios-256k.bin", "firmware of that machine"),
        new("util-linux", "setpriv", "ends the guest when troupe is killed"),
        new("binutils", "addr2line", "names the functions in a guest's panic"),
    ];

    /// <summary>To test guests from outside.</summary>
    public static readonly IReadOnlyList<SystemPackage> Testing =
    [
        new("curl", "curl", "asks guests for pages"),
        new("iproute2", "ip", "network namespaces and taps"),
        new("iputils-ping", "ping", "pings guests"),
        new("nghttp2-client", "h2load", "HTTP load with exact counts"),
        new("tcpreplay", "tcpreplay", "throws random frames at guests"),
        new("gdb", "gdb", "checks that a debugger sees C# source lines"),
    ];

    /// <summary>To make and check disks of Linux.</summary>
    public static readonly IReadOnlyList<SystemPackage> FileSystems = [new("e2fsprogs", "/usr/sbin/mke2fs", "makes and checks the disks that tests read and write")];

    /// <summary>To measure.</summary>
    public static readonly IReadOnlyList<SystemPackage> Measuring = [new("wrk", "wrk", "HTTP load")];

    /// <summary>To debug.</summary>
    public static readonly IReadOnlyList<SystemPackage> Debugging = [new("gdb", "gdb", "the debugger")];

    /// <summary>Installs those of <paramref name="wanted"/> that are missing; does nothing, silently, when all are there.</summary>
    public static async Task RequireAsync(IEnumerable<SystemPackage> wanted, CancellationToken cancellation)
    {
        var missing = wanted.Where(package => !package.IsPresent).DistinctBy(package => package.Name).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var names = string.Join(' ', missing.Select(package => package.Name));
        foreach (var package in missing)
        {
            Output.Say($"missing: {package.Name} ({package.Purpose})");
        }

        var manual = $"Install it yourself: apt-get install {names}";
        if (HostProcess.Find("apt-get") is null)
        {
            throw new UserError("packages are missing and this is no Debian (no apt-get).", manual, ExitCodes.Broken);
        }

        string[] prefix = Environment.UserName == "root"
            ? []
            : HostProcess.Find("sudo") is not null
                ? ["sudo", "-n"]
                : throw new UserError("packages are missing, and only root can install them (there is no sudo here).", manual, ExitCodes.Broken);

        async Task<HostProcessResult> AptAsync(params string[] arguments)
        {
            string[] line = [.. prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", .. arguments];
            return await HostProcess.CaptureAsync(line[0], line[1..], cancellation).ConfigureAwait(false);
        }

        var result = await Output.StepAsync($"installing {names} with apt-get", async () =>
        {
            string[] install = ["install", "--no-install-recommends", .. missing.Select(package => package.Name)];
            var first = await AptAsync(install).ConfigureAwait(false);
            if (first.ExitCode == 0)
            {
                return first;
            }

            // No package lists yet, or old ones that name files which are gone.
            var update = await AptAsync("update").ConfigureAwait(false);
            return update.ExitCode == 0 ? await AptAsync(install).ConfigureAwait(false) : update;
        }).ConfigureAwait(false);

        var still = missing.Where(package => !package.IsPresent).Select(package => package.Name).ToList();
        if (result.ExitCode != 0 || still.Count > 0)
        {
            throw new UserError($"apt-get could not install {names}:\n{result.Output.TrimEnd()}", manual, ExitCodes.Broken);
        }
    }
}
