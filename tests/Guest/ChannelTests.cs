using System.Diagnostics;
using System.Text;
using Troupe.Tools.Commands;
using Troupe.Tools.Guests;
using Troupe.Tools.Workspace;

namespace Troupe.Guest.Tests;

/// <summary>Console ports: what programs of the host write to them reaches the guest, and the other way round.</summary>
public sealed class ChannelTests : IDisposable
{
    private const string Echo = "org.troupe.echo", Monitor = "org.troupe.monitor";

    // A Unix socket's name is short.
    private readonly string _folder = Directory.CreateTempSubdirectory("troupe-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(GuestMachine.Q35, 1)]
    [InlineData(GuestMachine.Q35, 2)]
    [InlineData(GuestMachine.MicroVm, 1)]
    [InlineData(GuestMachine.MicroVm, 2)]
    public async Task WhatTheHostWritesComesBackAndTheMonitorAnswersBesideIt(GuestMachine machine, int processors)
    {
        using var guest = await BootAsync("channels 2", options => options with { Machine = machine, Processors = processors });
        Assert.Contains("greeter", await AskAsync("snapshot"), StringComparison.Ordinal);
        await EchoAsync(guest, 1 << 20, TestSeed.Value);
        await guest.SaysAsync("the echo was closed");
        // Closed and opened again, both.
        Assert.Contains("actors ", await AskAsync("counts"), StringComparison.Ordinal);
        await EchoAsync(guest, 5_000, TestSeed.Value);
        await guest.SaysAsync("DeviceViolations = 0, Resets = 0");
        await guest.ExitsWithAsync(0);
    }

    [Fact]
    public async Task AGuestHasAsManyChannelsAsTheCommandGivesIt()
    {
        using var guest = await BootAsync("channels 1", options => options with
        {
            // The device names them in this order, all at once.
            Channels = [.. Enumerable.Range(0, GuestChannel.Most - 2).Select(number => new GuestChannel($"org.troupe.further{number}", SocketOf($"{number}"))), .. options.Channels],
        });
        await EchoAsync(guest, 5_000, TestSeed.Value);
        await guest.SaysAsync($"Ports = {GuestChannel.Most}, ");
        await guest.ExitsWithAsync(0);
    }

    [Fact]
    public async Task TheCommandAsksForSnapshotsTracesAndSwaps()
    {
        using var guest = await BootAsync("channels 1");
        Assert.Equal((0, "louder\n"), await CommandAsync("behaviours"));
        var (exitCode, output) = await CommandAsync("swap", "/greeter", "louder");
        Assert.Equal(0, exitCode);
        Assert.NotEmpty(output);
        Assert.Equal((1, string.Empty), await CommandAsync("swap", "/greeter", "quieter"));
        Assert.Equal((1, string.Empty), await CommandAsync("nonsense"));
        Assert.Equal((0, string.Empty), await CommandAsync("trace", "start"));
        (exitCode, output) = await CommandAsync("trace", "read");
        Assert.Equal(0, exitCode);
        Assert.Contains("monitor of", output, StringComparison.Ordinal);
        guest.StillRuns();
    }

    private string SocketOf(string name) => Path.Combine(_folder, name);

    private async Task<Guest> BootAsync(string mode, Func<GuestOptions, GuestOptions>? with = null)
    {
        var guest = Guest.Boot("Apps/SelfTest", options =>
        {
            options = options with
            {
                CommandLine = mode,
                Network = new GuestNetwork(GuestNetworkKind.None),
                Channels = [new GuestChannel(Echo, SocketOf(Echo)), new GuestChannel(Monitor, SocketOf(Monitor))],
            };
            return with?.Invoke(options) ?? options;
        });
        try
        {
            await guest.SaysAsync("the channels are served");
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    /// <summary>Writes octets without reading any for a while, so that the guest is held back, and compares what comes back.</summary>
    private async Task EchoAsync(Guest guest, int count, int seed)
    {
        var sent = new byte[count];
        new Random(seed).NextBytes(sent);
        await using var stream = await GuestChannel.ConnectAsync(SocketOf(Echo), CancellationToken.None);
        var writing = stream.WriteAsync(sent).AsTask();
        if (count > 1 << 19)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            Assert.False(writing.IsCompleted, "what nobody reads found room somewhere.");
        }

        var received = new byte[count];
        await stream.ReadExactlyAsync(received).AsTask().WaitAsync(Guest.Patience);
        await writing;
        Assert.True(sent.AsSpan().SequenceEqual(received), $"seed {seed}: octet {sent.AsSpan().CommonPrefixLength(received)} of {count} came back wrong.\n{guest.Transcript()}");
    }

    private async Task<string> AskAsync(string line)
    {
        await using var stream = await GuestChannel.ConnectAsync(SocketOf(Monitor), CancellationToken.None);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = new StringBuilder();
        while (await reader.ReadLineAsync().WaitAsync(Guest.Patience) is { } next && next != "ok")
        {
            answer.AppendLine(next);
        }

        return answer.ToString();
    }

    private async Task<(int ExitCode, string Output)> CommandAsync(params string[] words)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(TroupeCommand).Assembly.Location, "monitor", SocketOf(Monitor), .. words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TROUPE_ROOT"] = Repository.Locate().Root;
        using var command = Process.Start(start)!;
        var output = await command.StandardOutput.ReadToEndAsync().WaitAsync(Guest.Patience);
        await command.WaitForExitAsync().WaitAsync(Guest.Patience);
        return (command.ExitCode, output);
    }
}
