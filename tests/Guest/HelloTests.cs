using System.Globalization;
using System.Net;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>Apps/Hello, as its first user meets it: it boots, says where it listens, answers, counts without a miss, and answers a ping.</summary>
[Trait(Pending.State, Pending.Yes)]
public sealed class HelloTests
{
    private const int Requests = 10_000;

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.Q35, 4)]
    [InlineData(GuestMachine.MicroVm, 1)]
    [InlineData(GuestMachine.MicroVm, 2)]
    [InlineData(GuestMachine.MicroVm, 4)]
    public async Task CountsEveryRequestOfALoadOfTenThousand(GuestMachine machine, int processors)
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { Machine = machine, Processors = processors });
        await guest.ListensAsync();
        Assert.Equal("hit 1", await HitAsync(guest));
        var load = await HostProcess.CaptureAsync(
            "h2load",
            ["--h1", "-n", Requests.ToString(CultureInfo.InvariantCulture), "-c", "64", guest.Http.BaseAddress!.ToString()],
            CancellationToken.None);
        Assert.Contains($"{Requests} succeeded, 0 failed, 0 errored", load.Output, StringComparison.Ordinal);
        Assert.Equal($"hit {Requests + 2}", await HitAsync(guest));
    }

    [Fact]
    public async Task BootsWithSeaBios()
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { Firmware = GuestFirmware.SeaBios });
        await guest.ListensAsync();
        Assert.Equal("hit 1", await HitAsync(guest));
    }

    [Fact]
    public async Task AnswersInFortyEightMegabytes()
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { Memory = 48 });
        await guest.ListensAsync();
        Assert.Equal("hit 1", await HitAsync(guest));
    }

    [Theory]
    [InlineData("qemu64")]
    [InlineData("Haswell")]
    [InlineData("EPYC")]
    public async Task BootsOnTheProcessor(string model)
    {
        using var guest = Guest.BootServer("Apps/Hello", options => options with { CpuModel = model });
        await guest.ListensAsync();
        Assert.Equal("hit 1", await HitAsync(guest));
    }

    [Fact]
    public async Task AnswersAPing()
    {
        using var network = await NetworkNamespace.CreateAsync();
        using var guest = Guest.Boot(
            "Apps/Hello",
            options => options with
            {
                Network = new GuestNetwork(GuestNetworkKind.Tap, NetworkNamespace.Tap),
                CommandLine = $"ip={NetworkNamespace.GuestAddress}/24 gateway={NetworkNamespace.HostAddress}",
            },
            network);
        await guest.ListensAsync();
        var ping = await network.InsideAsync("ping", "-c", "10", "-i", "0.2", "-W", "5", NetworkNamespace.GuestAddress);
        Assert.Contains("10 received, 0% packet loss", ping, StringComparison.Ordinal);
        Assert.Contains("200", await network.InsideAsync(
            "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", $"http://{NetworkNamespace.GuestAddress}:8080/"), StringComparison.Ordinal);
    }

    private static async Task<string> HitAsync(Guest guest)
    {
        using var response = await guest.Http.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadAsStringAsync()).Trim();
    }
}
