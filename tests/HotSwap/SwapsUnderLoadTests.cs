namespace Troupe.HotSwap.Tests;

/// <summary>A small version of <c>troupe bench swap</c>, without its bar on time: the host may be busy.</summary>
public sealed class SwapsUnderLoadTests
{
    [Theory]
    [InlineData(40, 0)]
    [InlineData(40, 4)]
    public async Task NoMessageIsLostAndEveryOldAssemblyIsCollected(int swaps, int failEvery)
    {
        SwapReport report = await new SwapsUnderLoad(swaps, failEvery).RunAsync();

        Assert.Equal((report.Sent, 0L, 0L), (report.Handled, report.Lost, report.Doubled));
        Assert.Equal(0, report.Alive);
        Assert.Equal(swaps, report.Contexts);
        Assert.Equal(failEvery == 0 ? 0 : swaps / failEvery, report.RolledBack);
        Assert.True(report.Gaps.Count > 0 && report.Sent > swaps);
    }
}
