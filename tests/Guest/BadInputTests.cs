using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>What a guest does with input that makes no sense: it says so, or counts it, and goes on.</summary>
[Trait(Pending.State, Pending.Yes)]
public sealed class BadInputTests
{
    [Fact]
    public async Task AnImageWithoutNetworkCardSaysSo()
    {
        using var guest = Guest.Boot("Apps/Hello", options => options with { Network = new GuestNetwork(GuestNetworkKind.None) });
        await guest.SaysAsync("no network device");
    }

    [Theory]
    [InlineData("ip=10.0.2")]
    [InlineData("ip=10.0.2.15/33")]
    [InlineData("ip=dhcp gateway=nowhere")]
    [InlineData("kernel.unknown=1")]
    [InlineData("troupe.log=loudest")]
    public async Task AMalformedCommandLineIsNamed(string commandLine)
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { CommandLine = commandLine });
        await guest.SaysAsync(commandLine.Split(' ')[^1]);
    }

    [Fact]
    public async Task GarbageOnTheWireIsDroppedAndTheGuestGoesOnAnswering()
    {
        using var network = await NetworkNamespace.CreateAsync();
        using var guest = Guest.BootOnTap("Apps/Hello", network);
        await guest.ListensAsync();
        await GarbageFrames.SendAsync(network, count: 100_000, seed: TestSeed.Value);
        guest.StillRuns();
        Assert.Equal("200", await network.InsideAsync(
            "curl", "-sS", "--max-time", "30", "-o", "/dev/null", "-w", "%{http_code}", $"http://{NetworkNamespace.GuestAddress}:8080/"));
    }
}
