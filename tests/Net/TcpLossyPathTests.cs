// What the recovery of RFC 2018, 6675, 8985, 6582 and 9438 is for: whole transfers over bad paths, in virtual time.
using Troupe.Net.Contracts;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class TcpLossyPathTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    public static TheoryData<string> Names => [.. _paths.Keys];

    private static readonly Dictionary<string, PathOptions> _paths = new()
    {
        ["clean"] = new(),
        ["loss 1 %"] = new() { Loss = 0.01 },
        ["loss 5 %"] = new() { Loss = 0.05 },
        ["loss 20 %"] = new() { Loss = 0.20 },
        ["reordering 10 %"] = new() { Reordering = 0.10 },
        ["reordering 50 %"] = new() { Reordering = 0.50 },
        ["duplication 5 %"] = new() { Duplication = 0.05 },
        ["corruption 1 %"] = new() { Corruption = 0.01 },
        ["delay 200 ms"] = new() { Delay = TimeSpan.FromMilliseconds(200) },
        ["mtu 576"] = new() { MaximumTransmissionUnit = 576 },
        ["mtu 576, silent"] = new() { MaximumTransmissionUnit = 576, ReportsTooBig = false },
        ["short queue"] = new() { QueueOctets = 8_000 },
        ["marks"] = new() { Marks = true },
        ["all"] = new() { Loss = 0.03, Reordering = 0.10, Duplication = 0.05, Corruption = 0.01, Delay = TimeSpan.FromMilliseconds(50), MaximumTransmissionUnit = 1000 },
    };

    private static readonly Dictionary<string, TcpConfiguration> _configurations = new()
    {
        ["default"] = new() { CongestionNotification = TcpCongestionNotification.Always },
        ["NewReno, no options"] = new() { CongestionControl = TcpCongestionControl.NewReno, SelectiveAcknowledgements = false, Timestamps = false },
        ["SACK, no timestamps"] = new() { Timestamps = false },
        ["timestamps, no SACK"] = new() { SelectiveAcknowledgements = false },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void OctetsArriveEqualWithoutSelectiveAcknowledgements(string path) => Transfer(path, "NewReno, no options");

    [Theory]
    [MemberData(nameof(Names))]
    public void OctetsArriveEqualWithoutTimestamps(string path) => Transfer(path, "SACK, no timestamps");

    [Theory]
    [MemberData(nameof(Names))]
    public void OctetsArriveEqualWithTimestampsOnly(string path) => Transfer(path, "timestamps, no SACK");

    [Theory]
    [MemberData(nameof(Names))]
    public void OctetsArriveEqual(string path)
    {
        for (int round = 0; round < 5; round++)
            Transfer(path, "default");
    }

    // RFC 8985 1 and 3: what it is for. The same losses, three ways to recover.
    [Fact]
    public void SelectiveAcknowledgementsBeatTimeoutsAtFivePercentLoss()
    {
        TcpConfiguration newReno = new() { SelectiveAcknowledgements = false };
        double rack = Median(new());
        double withoutBlocks = Median(newReno);
        double timeouts = Median(newReno with { DuplicateThreshold = int.MaxValue });
        output.WriteLine($"500 kB at 5 % loss, 20 ms round trip: SACK and RACK {rack:F2} s, NewReno {withoutBlocks:F2} s, timeouts alone {timeouts:F2} s");
        Assert.True(rack < withoutBlocks * 0.75, $"{rack} s against {withoutBlocks} s");
        Assert.True(rack < timeouts * 0.75, $"{rack} s against {timeouts} s");

        double Median(TcpConfiguration configuration)
        {
            double[] times = [.. Enumerable.Range(1, 31).Select(seed =>
                new SimulatedPath(new() { Loss = 0.05 }, seed, configuration).Transfer(new byte[500_000], [], _limit).TotalSeconds)];
            Array.Sort(times);
            return times[times.Length / 2];
        }
    }

    // RFC 8985 7.1: the last segments of a flight are probed for in two round trips instead of a timeout.
    [Fact]
    public void TailLossProbesBeatTimeouts()
    {
        double probing = Mean(new());
        double waiting = Mean(new() { SelectiveAcknowledgements = false });
        output.WriteLine($"15 kB at 10 % loss, 20 ms round trip: with probes {probing * 1000:F0} ms, without {waiting * 1000:F0} ms");
        Assert.True(probing < waiting * 0.8, $"{probing} s against {waiting} s");

        static double Mean(TcpConfiguration configuration) => Enumerable.Range(1, 200).Average(seed =>
            new SimulatedPath(new() { Loss = 0.10 }, seed, configuration).Transfer(new byte[15_000], [], _limit).TotalSeconds);
    }

    // RFC 3168: a path that marks loses nothing.
    [Fact]
    public void APathThatMarksLosesNothing()
    {
        SimulatedPath path = new(new() { Marks = true }, 1, new() { CongestionNotification = TcpCongestionNotification.Always });
        path.Transfer(new byte[2_000_000], [], _limit);
        Assert.True(path.Marked > 0);
        Assert.InRange(path.Lost, 0, 60);
    }

    // RFC 9438: a long fat path is filled.
    [Fact]
    public void FillsALongFatPath()
    {
        TcpConfiguration configuration = new() { SendBuffer = 4 * 1024 * 1024 };
        PathOptions options = new() { Delay = TimeSpan.FromMilliseconds(50), OctetsPerSecond = 12_500_000, QueueOctets = 1_250_000 };
        SimulatedPath path = new(options, 1, configuration);
        double seconds = path.Transfer(new byte[50_000_000], [], _limit).TotalSeconds;
        output.WriteLine($"50 MB through 100 Mbit/s with 100 ms round trip: {seconds:F1} s (4.2 s at the least), {path.Lost} lost");
        Assert.InRange(seconds, 4, 8);
    }

    private void Transfer(string name, string configuration)
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"{name}, {configuration}: TROUPE_SEED={seed}");
        Random random = new(seed);
        byte[] up = new byte[random.Next(100_000, 300_000)];
        byte[] down = new byte[random.Next(0, 100_000)];
        random.NextBytes(up);
        random.NextBytes(down);
        SimulatedPath path = new(_paths[name], seed, _configurations[configuration]);
        TimeSpan took = path.Transfer(up, down, _limit);
        output.WriteLine($"{up.Length} up, {down.Length} down in {took.TotalSeconds:F2} s, {path.Lost} lost, {path.Client.Block.Status.Retransmissions} sent again by the client");
        Assert.Equal(up, path.Server.Received.ToArray());
        Assert.Equal(down, path.Client.Received.ToArray());
        Assert.Equal(0, path.Client.FramesHeld + path.Server.FramesHeld);
    }
}
