using Troupe.Tools.Guests;

namespace Troupe.Guest.Tests;

/// <summary>What a guest does with input that makes no sense: it says so, or counts it, and goes on.</summary>
public sealed class BadInputTests
{
    // sysexits.h EX_USAGE.
    private const int WrongCommandLine = 64;

    [Fact]
    public async Task AnImageWithoutNetworkCardSaysSo()
    {
        using var guest = Guest.Boot("Apps/Hello", options => options with { Network = new GuestNetwork(GuestNetworkKind.None) });
        await guest.SaysAsync("no network device");
    }

    [Fact]
    public async Task AGuestThatNobodyGivesAnAddressSaysWhatItWaitsFor()
    {
        // Frames go to the discard port, where nobody listens.
        using var guest = Guest.Boot("Apps/Hello", static options => options with
        {
            Network = new GuestNetwork(GuestNetworkKind.None),
            CommandLine = "ip=dhcp",
            Extra = ["-netdev", "dgram,id=net0,remote.type=inet,remote.host=127.0.0.1,remote.port=9,local.type=inet,local.host=127.0.0.1,local.port=0", "-device", "virtio-net-pci,netdev=net0,romfile="],
        });
        await guest.SaysAsync("waiting for an address: asked DHCP");
        await guest.SaysAsync("0 answers");
    }

    [Theory]
    [InlineData("ip=10.0.2", "'10.0.2' is no address")]
    [InlineData("ip=10.0.2.15/33", "'10.0.2.15/33' is no address")]
    [InlineData("ip=10.0.2.15/24 gateway=nowhere", "'nowhere' is no gateway")]
    [InlineData("ip=dhcp gateway=10.0.2.2", "DHCP brings its own")]
    public async Task ANonsensicalAddressIsNamedAndEndsTheGuest(string commandLine, string complaint)
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { CommandLine = commandLine });
        await guest.SaysAsync(complaint);
        await guest.ExitsWithAsync(WrongCommandLine);
    }

    [Theory]
    [InlineData("kernel.unknown=1")]
    [InlineData("kernel.heap=lots")]
    [InlineData("kernel.poll=10001")]
    public async Task AWordTheKernelDoesNotKnowIsNamedAndTheGuestGoesOn(string commandLine)
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { CommandLine = commandLine });
        await guest.SaysAsync(commandLine);
        await guest.ListensAsync();
    }

    [Fact]
    public async Task GarbageOnTheWireIsDroppedAndTheGuestGoesOnAnswering()
    {
        using var network = await NetworkNamespace.CreateAsync();
        using var guest = Guest.BootOnTap("Apps/Hello", network);
        await guest.ListensAsync();
        await GarbageFrames.SendAsync(network, count: 100_000, seed: TestSeed.Value);
        guest.StillRuns();
        Assert.Equal("hit 1\n", await network.InsideAsync("curl", "-sS", "--fail", "--max-time", "30", $"http://{NetworkNamespace.GuestAddress}:8080/"));
    }
}
