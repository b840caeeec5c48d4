using Troupe.Tools.Terminal;

namespace Troupe.Tools.Workspace;

/// <summary>Packages of Debian that are fetched and unpacked into a folder of ours: parts of guests to boot. Nothing is installed.</summary>
/// <param name="home">Where they are kept; they are unpacked in its folder <c>debian</c>.</param>
/// <param name="purpose">What they are for, as in "the Linux guest".</param>
internal sealed class DebianPackages(string home, string purpose)
{
    /// <summary>Where the packages' files are.</summary>
    public string Unpacked { get; } = Path.Combine(home, "debian");

    /// <summary>Fetches and unpacks a Linux kernel and other packages, unless that was done once for the same names.</summary>
    /// <param name="kernelPackage">The kernel by its name without a version.</param>
    /// <param name="others">The other packages.</param>
    /// <param name="what">What is fetched and how much it is, for the reader.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task EnsureAsync(string kernelPackage, IReadOnlyList<string> others, string what, CancellationToken cancellation)
    {
        var complete = Path.Combine(Unpacked, ".complete");
        var names = string.Join('\n', [kernelPackage, .. others]);
        if (File.Exists(complete) && await File.ReadAllTextAsync(complete, cancellation).ConfigureAwait(false) == names)
        {
            return;
        }

        await DownloadAsync(kernelPackage, others, what, cancellation).ConfigureAwait(false);
        await File.WriteAllTextAsync(complete, names, cancellation).ConfigureAwait(false);
    }

    /// <summary>Refuses to go on when a program that builds a guest's parts has failed.</summary>
    /// <exception cref="UserError">It has.</exception>
    public void Require(HostProcessResult result)
    {
        if (result.ExitCode != 0)
        {
            throw new UserError($"{purpose} cannot be built:\n{result.Output.TrimEnd()}", exitCode: ExitCodes.Broken);
        }
    }

    private async Task DownloadAsync(string kernelPackage, IReadOnlyList<string> others, string what, CancellationToken cancellation)
    {
        var packages = Path.Combine(home, "packages");
        Directory.CreateDirectory(packages);
        async Task<HostProcessResult> RunAsync(string program, params string[] arguments) =>
            await HostProcess.CaptureAsync(program, arguments, cancellation, packages).ConfigureAwait(false);

        Output.Say($"{purpose}: fetching {what}, into artifacts/{Path.GetFileName(home)}; nothing is installed");
        var kernel = await KernelNameAsync(kernelPackage, RunAsync).ConfigureAwait(false);
        if (kernel is null)
        {
            await RunAsync("apt-get", "-q", "update").ConfigureAwait(false);
            kernel = await KernelNameAsync(kernelPackage, RunAsync).ConfigureAwait(false)
                ?? throw new UserError($"apt knows no {kernelPackage}.", "It is one of Debian 12's packages.", ExitCodes.Broken);
        }

        var result = await Output.StepAsync($"fetching {kernel} and {(others.Count == 1 ? others[0] : $"{others.Count} packages more")}", async () =>
        {
            string[] fetch = ["-q", "-o", "APT::Sandbox::User=root", "download", kernel, .. others];
            var first = await RunAsync("apt-get", fetch).ConfigureAwait(false);
            if (first.ExitCode == 0)
            {
                return first;
            }

            // Lists so old that they name files which are gone.
            await RunAsync("apt-get", "-q", "update").ConfigureAwait(false);
            return await RunAsync("apt-get", fetch).ConfigureAwait(false);
        }).ConfigureAwait(false);
        Require(result);
        foreach (var package in Directory.EnumerateFiles(packages, "*.deb"))
        {
            Require(await RunAsync("dpkg-deb", "-x", package, Unpacked).ConfigureAwait(false));
        }
    }

    /// <summary>The package that holds the kernel: the one that the name without a version depends on.</summary>
    private static async Task<string?> KernelNameAsync(string kernelPackage, Func<string, string[], Task<HostProcessResult>> run)
    {
        const string Depends = "Depends: ";
        var result = await run("apt-cache", ["depends", kernelPackage]).ConfigureAwait(false);
        return result.Output.Split('\n').Select(line => line.Trim())
            .FirstOrDefault(line => line.StartsWith(Depends + "linux-image-", StringComparison.Ordinal))?[Depends.Length..];
    }
}
