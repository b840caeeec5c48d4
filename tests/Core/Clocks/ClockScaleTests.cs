using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

public sealed class ClockScaleTests
{
    private const ulong SecondsIn100Years = 3_155_760_000;

    [Theory]
    [InlineData(62_500_000ul)]
    [InlineData(1_000_000_000ul)]
    [InlineData(1_999_999_937ul)]
    [InlineData(3_600_000_001ul)]
    [InlineData(5_800_000_000ul)]
    public void AHundredYearsAreExactToTheNanosecondBelowAndNeverAbove(ulong frequency)
    {
        ClockScale scale = default;
        ClockScale.Create(ref scale, frequency, ClockScale.NanosecondsPerSecond);
        foreach (ulong ticks in new[] { 0ul, 1ul, frequency - 1, frequency, 12_345_678_901_234ul, frequency * SecondsIn100Years })
        {
            UInt128 exact = (UInt128)ticks * ClockScale.NanosecondsPerSecond / frequency;
            ulong found = scale.Apply(ticks);
            Assert.InRange(found, (ulong)exact - (exact == 0 ? 0ul : 1ul), (ulong)exact);
        }
    }

    [Fact]
    public void ConvertingBackLosesLessThanATick()
    {
        ClockScale there = default, back = default;
        ClockScale.Create(ref there, 2_400_000_123, ClockScale.NanosecondsPerSecond);
        ClockScale.Create(ref back, ClockScale.NanosecondsPerSecond, 2_400_000_123);
        var random = new Random(1);
        for (int i = 0; i < 1000; i++)
        {
            ulong ticks = (ulong)random.NextInt64(0, 1L << 60);
            Assert.InRange(ticks - back.Apply(there.Apply(ticks)), 0ul, 6ul);
        }
    }

    [Fact]
    public void AResultThatDoesNotFitIsTheLargest()
    {
        ClockScale scale = default;
        ClockScale.Create(ref scale, 1, 1_000_000_000);
        Assert.Equal(ulong.MaxValue, scale.Apply(ulong.MaxValue));
        Assert.Equal(5_000_000_000ul, scale.Apply(5));
    }

    [Fact]
    public void TimeNeverGoesBack()
    {
        ClockScale scale = default;
        ClockScale.Create(ref scale, 3_456_789_012, ClockScale.NanosecondsPerSecond);
        ulong last = 0;
        for (ulong ticks = (1ul << 40) - 500; ticks < (1ul << 40) + 500; ticks++)
        {
            ulong now = scale.Apply(ticks);
            Assert.True(now >= last);
            last = now;
        }
    }
}
