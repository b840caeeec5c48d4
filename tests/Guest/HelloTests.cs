using System.Globalization;
using System.Net;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>Apps/Hello, as its first user meets it: it boots, says where it listens, answers, counts without a miss, and answers a ping.</summary>
public sealed class HelloTests
{
    private const int Requests = 10_000;
    private const int Clients = 64;

    // On a busy machine with two processors; a quiet one needs a tenth of it.
    private static readonly TimeSpan _longestLoad = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.Q35, 4)]
    [InlineData(GuestMachine.MicroVm, 1)]
    [InlineData(GuestMachine.MicroVm, 2)]
    [InlineData(GuestMachine.MicroVm, 4)]
    [InlineData(GuestMachine.MicroVm, 1, true)]
    [InlineData(GuestMachine.MicroVm, 2, true)]
    [InlineData(GuestMachine.MicroVm, 4, true)]
    public async Task CountsEveryRequestOfALoadOfTenThousand(GuestMachine machine, int processors, bool acpi = false)
    {
        using var network = await NetworkNamespace.CreateAsync();
        using var guest = Guest.BootOnTap(
            "Apps/Hello", network, options => options with { Machine = machine, Processors = processors, MicroVmAcpi = acpi });
        await guest.ListensAsync();
        Assert.Equal("hit 1", await HitAsync(network));
        await LoadAsync(guest, $"http://{NetworkNamespace.GuestAddress}:8080/", network.Prefix);
        Assert.Equal($"hit {Requests + 2}", await HitAsync(network));
    }

    [Fact]
    public async Task CountsEveryRequestThroughAForwardedPort()
    {
        using var guest = Guest.BootServer("Apps/Hello");
        await guest.ListensAsync();
        Assert.Equal("hit 1", await HitAsync(guest));
        await LoadAsync(guest, guest.Http.BaseAddress!.ToString(), []);
        Assert.Equal($"hit {Requests + 2}", await HitAsync(guest));
        // The kernel says so on the console, once for each call.
        Assert.DoesNotContain(guest.Lines, static line => line.Contains("is not served", StringComparison.Ordinal));
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
        using var guest = Guest.BootOnTap("Apps/Hello", network);
        await guest.ListensAsync();
        var ping = await network.InsideAsync("ping", "-c", "10", "-i", "0.2", "-W", "5", NetworkNamespace.GuestAddress);
        Assert.Contains("10 received, 0% packet loss", ping, StringComparison.Ordinal);
    }

    private static async Task LoadAsync(Guest guest, string address, IReadOnlyList<string> prefix)
    {
        string[] command =
        [
            .. prefix, "h2load", "--h1", "-n", Number(Requests), "-c", Number(Clients), address,
        ];
        using var limit = new CancellationTokenSource(_longestLoad);
        HostProcessResult load;
        try
        {
            load = await HostProcess.CaptureAsync(command[0], command[1..], limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"the load did not end in {_longestLoad.TotalMinutes} minutes.\n{guest.Transcript()}");
            return;
        }

        Assert.True(
            load.Output.Contains($"{Requests} succeeded, 0 failed, 0 errored", StringComparison.Ordinal), $"{load.Output}\n{guest.Transcript()}");
    }

    private static async Task<string> HitAsync(NetworkNamespace network) => (await network.InsideAsync(
        "curl", "-sS", "--fail", "--max-time", "30", $"http://{NetworkNamespace.GuestAddress}:8080/")).Trim();

    private static async Task<string> HitAsync(Guest guest)
    {
        using var response = await guest.Http.GetAsync(new Uri("/", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadAsStringAsync()).Trim();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
