using System.Diagnostics;
using Troupe.Tools.Networks;

namespace Troupe.Tools.Tests.Networks;

public sealed class ImpairmentTests
{
    private const int Frames = 20_000;
    private const int Length = 600;

    [Fact]
    public void ACleanLinkPassesEveryFrameAsItCame()
    {
        var direction = new ImpairedDirection(new Impairment(), 0);
        var frame = Frame();
        for (var number = 0; number < 100; number++)
        {
            Assert.Equal(new FrameFate(1, TimeSpan.Zero, IsIntact: true), direction.Decide(frame));
        }

        Assert.Equal(Frame(), frame);
    }

    [Fact]
    public void TheSameSeedDoesTheSameToTheSameFrames()
    {
        var impairment = new Impairment { Loss = 0.1, Reordering = 0.1, Duplication = 0.1, Corruption = 0.1, Seed = 7 };

        Assert.Equal(Fates(impairment, 0), Fates(impairment, 0));
        Assert.NotEqual(Fates(impairment, 0), Fates(impairment, 1));
        Assert.NotEqual(Fates(impairment, 0), Fates(impairment with { Seed = 8 }, 0));
    }

    [Fact]
    public void EachKindHappensAsOftenAsItShould()
    {
        var direction = new ImpairedDirection(new Impairment { Loss = 0.05, Reordering = 0.1, Duplication = 0.02, Corruption = 0.01 }, 0);
        for (var number = 0; number < Frames; number++)
        {
            direction.Decide(Frame());
        }

        Assert.InRange(direction.Lost, Frames * 0.045, Frames * 0.055);
        Assert.InRange(direction.Reordered, Frames * 0.085, Frames * 0.105);
        Assert.InRange(direction.Doubled, Frames * 0.016, Frames * 0.022);
        Assert.InRange(direction.Corrupted, Frames * 0.007, Frames * 0.012);
    }

    [Fact]
    public void OneKindDoesNotMoveAnothersFrames()
    {
        var lossAlone = Fates(new Impairment { Loss = 0.1 }, 0).Select(fate => fate.Copies == 0);
        var lossAndMore = Fates(new Impairment { Loss = 0.1, Reordering = 0.5, Duplication = 0.5 }, 0).Select(fate => fate.Copies == 0);

        Assert.Equal(lossAlone, lossAndMore);
    }

    [Fact]
    public void TurnedBitsAreFewAndSpareTheEthernetHeaderAndShowInTheSum()
    {
        var random = new Random(1);
        for (var number = 0; number < 1000; number++)
        {
            var frame = Frame();
            Assert.True(FrameCorruption.TurnBits(frame, random));

            Assert.Equal(Frame()[..14], frame[..14]);
            var turned = frame.Zip(Frame(), static (now, before) => int.PopCount(now ^ before)).Sum();
            Assert.InRange(turned, 1, 9);
            Assert.NotEqual(Sum(Frame()), Sum(frame));
        }
    }

    [Fact]
    public void TurnedBitsOfAnIpv6PacketShowInTheSumOfItsPayloadWhereverElseTheyAre()
    {
        const int Header = 14 + 40, Payload = 21, Padding = 7;
        byte[] packet = [.. Frame().Take(Header + Payload + Padding)];
        packet[14] = 0x60;
        packet[18] = 0;
        packet[19] = Payload;
        var random = new Random(1);
        var hitHeader = 0;
        for (var number = 0; number < 20_000; number++)
        {
            var frame = packet.ToArray();
            Assert.True(FrameCorruption.TurnBits(frame, random));

            Assert.Equal(packet[^Padding..], frame[^Padding..]);
            Assert.True(frame[Header..].SequenceEqual(packet[Header..]) || Sum(frame[(Header - 14)..^Padding]) != Sum(packet[(Header - 14)..^Padding]));
            hitHeader += frame[14..Header].SequenceEqual(packet[14..Header]) ? 0 : 1;
        }

        Assert.InRange(hitHeader, 10_000, 18_000);
    }

    [Fact]
    public void ATooShortFrameIsLeftAlone() => Assert.False(FrameCorruption.TurnBits(new byte[16], new Random(1)));

    [Fact]
    public void ADelayLineSendsInTheOrderInWhichFramesAreDue()
    {
        var sent = new List<byte>();
        using var done = new CountdownEvent(3);
        using var line = new DelayLine<byte[]>(frame =>
        {
            lock (sent)
                sent.Add(frame[0]);
            done.Signal();
        });
        var clock = Stopwatch.StartNew();
        line.Add([1], TimeSpan.FromMilliseconds(400));
        line.Add([2], TimeSpan.FromMilliseconds(200));
        line.Add([3], TimeSpan.FromMilliseconds(400));

        Assert.True(done.Wait(TimeSpan.FromSeconds(60)));
        Assert.Equal([2, 1, 3], sent);
        Assert.True(clock.Elapsed >= TimeSpan.FromMilliseconds(400));
    }

    private static List<FrameFate> Fates(Impairment impairment, int number)
    {
        var direction = new ImpairedDirection(impairment, number);
        return [.. Enumerable.Range(0, 500).Select(_ => direction.Decide(Frame()))];
    }

    private static byte[] Frame() => [.. Enumerable.Range(0, Length).Select(static index => (byte)(index * 37))];

    // RFC 1071, over everything behind the Ethernet header.
    private static int Sum(byte[] frame)
    {
        long sum = 0;
        for (var index = 14; index < frame.Length; index += 2)
        {
            sum += (frame[index] << 8) | (index + 1 < frame.Length ? frame[index + 1] : 0);
        }

        return (int)(sum % 65535);
    }
}
