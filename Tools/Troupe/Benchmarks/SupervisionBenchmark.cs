using System.Globalization;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>Supervision under fire, hosted: Apps/SelfTest/FailureStorm.cs prints its sums, and says whether they hold.</summary>
public sealed class SupervisionBenchmark(Repository repository)
{
    /// <summary>Runs it on this terminal; answers with the exit code.</summary>
    public async Task<int> RunAsync(int failures, int seed, CancellationToken cancellation)
    {
        var program = await new HostedBuild(repository).EnsureAsync(repository.FindApp("SelfTest"), cancellation).ConfigureAwait(false);
        var exit = await HostProcess.RunAsync(
            "dotnet", [program, "supervision", failures.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture)], cancellation).ConfigureAwait(false);
        return exit == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
