using Troupe.Tools.Guests;

namespace Troupe.Tools.Tests;

public sealed class InterruptsOffLineTests
{
    [Fact]
    public void ALineOfTheReportIsRead() =>
        Assert.Equal(new InterruptsOffLine(188173, "munmap (11)"), InterruptsOffLine.TryParse("interrupts off at most 188173 ticks, 188.2 us, in munmap (11)"));

    [Theory]
    [InlineData("interrupts off 245880 times: half below 0.5 us, 99 % below 28.7 us")]
    [InlineData("ok   timers (30 ms)")]
    public void OtherLinesAreNot(string line) => Assert.Null(InterruptsOffLine.TryParse(line));
}
