using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>What a debug build has to check contracts and waiting edges with is not in an image: neither called nor linked.</summary>
public sealed class ContractMonitorTests
{
    private static readonly string[] _monitor = ["Troupe_Actors_Contract_2", "NetworkDeviceContract", "TcpStreamContract", "WaitingCycleException", "DeclaredWaits__FindCycle"];

    public static TheoryData<string> Apps => [.. Repository.Locate().Apps().Select(app => app.Name)];

    [Theory]
    [MemberData(nameof(Apps))]
    public async Task AnImageHasNoCodeOfTheMonitors(string app)
    {
        var repository = Repository.Locate();
        var image = new ImageBuild(repository).ImageOf(repository.FindApp(app));
        var result = await HostProcess.CaptureAsync("nm", [image.Symbols], CancellationToken.None);
        Assert.True(result.ExitCode == 0, result.Output);
        var symbols = result.Output.Split('\n');
        // The search looks in the right place.
        Assert.Contains(symbols, symbol => symbol.Contains("Troupe_Actors_ActorSystem", StringComparison.Ordinal));
        Assert.DoesNotContain(symbols, symbol => _monitor.Any(name => symbol.Contains(name, StringComparison.Ordinal)));
    }
}
