using System.CommandLine;
using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Commands;

/// <summary><c>troupe doctor</c>: looks at the host and says what is missing for what.</summary>
public static class DoctorCommand
{
    private const long EnoughDisk = 5_000_000_000;

    private sealed record Finding(string What, bool Good, bool Needed, string Advice);

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var command = new Command("doctor", "Look at this host: what is there, what is missing, and what for. Changes nothing.");
        command.SetAction(async (_, cancellation) =>
        {
            var findings = await ExamineAsync(Repository.Locate(), cancellation).ConfigureAwait(false);
            Output.Table(
                ["", "what", "advice"],
                findings.Select(finding => (IReadOnlyList<string>)[finding.Good ? "ok" : finding.Needed ? "MISSING" : "without", finding.What, finding.Good ? string.Empty : finding.Advice]));
            return findings.Any(finding => finding.Needed && !finding.Good) ? ExitCodes.Failure : ExitCodes.Success;
        });
        return command;
    }

    private static async Task<List<Finding>> ExamineAsync(Repository repository, CancellationToken cancellation)
    {
        var sdk = await HostProcess.CaptureAsync("dotnet", ["--version"], cancellation, repository.Root).ConfigureAwait(false);
        List<Finding> findings = [new($".NET SDK {sdk.Output.Trim()}", sdk.ExitCode == 0, true, "install the SDK that global.json names")];
        var canInstall = Environment.UserName == "root" || HostProcess.Find("sudo") is not null;
        var packages = SystemPackages.Building.Concat(SystemPackages.Running).Concat(SystemPackages.Testing).Concat(SystemPackages.FileSystems).Concat(SystemPackages.Measuring);
        findings.AddRange(packages.DistinctBy(package => package.Name).Select(package => new Finding(
            $"{package.Name}: {package.Purpose}", package.IsPresent, !canInstall,
            canInstall ? "the first command that needs it installs it" : $"as root: apt-get install {package.Name}")));
        var free = new DriveInfo(repository.Root).AvailableFreeSpace;
        findings.Add(new Finding(string.Create(CultureInfo.InvariantCulture, $"{free / 1e9:0} GB of disk free"), free > EnoughDisk, true, "builds and images want 5 GB"));
        findings.Add(new Finding("root, for taps and network namespaces", Environment.UserName == "root", false, "the ping test and --net tap=NAME need root"));
        findings.Add(new Finding("/dev/net/tun", File.Exists("/dev/net/tun"), false, "the ping test and --net tap=NAME need it"));
        return findings;
    }
}
