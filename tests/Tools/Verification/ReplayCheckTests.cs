using Troupe.Tools.Verification;

namespace Troupe.Tools.Tests.Verification;

public sealed class ReplayCheckTests
{
    [Theory]
    [InlineData(5, 3, new[] { 0, 1, 3 })]
    [InlineData(3, 3, new[] { 0, 1, 2 })]
    [InlineData(2, 3, new[] { 0, 1 })]
    public void TheSchedulesThatRunAgainAreSpreadOverAll(int all, int count, int[] chosen) => Assert.Equal(chosen, ReplayCheck.Spread([.. Enumerable.Range(0, all)], count));

    [Fact]
    public void TheLineSaysHowManyOfHowMany() => Assert.Equal("coyote: 99 of 100 schedules ran again to the identical hash", ReplayCheck.Summary("coyote", 99, 100));
}
