using Troupe.Smp.Kernel.Processors;

namespace Troupe.Smp.Tests;

/// <summary>When the watchdog takes a processor for lost. A look takes place each second unless a test says otherwise.</summary>
public sealed class ProgressWatchTests
{
    private const long Second = 1_000_000_000;

    private long _now = 100 * Second;
    private long _seen;
    private long _since;
    private bool _isReported;

    [Fact]
    public void OneThatComesByIsLeftAlone()
    {
        for (long entries = 1; entries < 20; entries++)
            Assert.Equal(WatchStep.None, Look(entries));
    }

    [Fact]
    public void OneWithNothingToDoIsLeftAlone()
    {
        for (int look = 0; look < 20; look++)
            Assert.Equal(WatchStep.None, Look(entries: 7, isFine: true));
    }

    [Fact]
    public void OneThatDoesNotComeByIsNudgedAndThenReportedOnce()
    {
        WatchStep[] steps = [.. Enumerable.Range(0, 8).Select(_ => Look(entries: 7))];
        Assert.Equal(
            [WatchStep.None, WatchStep.Nudge, WatchStep.Nudge, WatchStep.Nudge, WatchStep.Nudge, WatchStep.Report, WatchStep.Reported, WatchStep.Reported],
            steps);
    }

    [Fact]
    public void OneThatCouldNotBeReportedIsReportedAtTheNextLook()
    {
        for (int look = 0; look < 5; look++)
            Look(entries: 7);
        Assert.Equal(WatchStep.Report, Look(entries: 7));
        _isReported = false;
        Assert.Equal(WatchStep.Report, Look(entries: 7));
    }

    /// <summary>Nobody looks while all are idle. Then a thread is made ready for a processor that the interrupt has not reached yet.</summary>
    [Fact]
    public void OneThatHadNothingToDoForLongHasItsTimeFromTheFirstLook()
    {
        Look(entries: 7, isFine: true);
        _now += 3600 * Second;
        Assert.Equal(WatchStep.None, Look(entries: 7));
        Assert.Equal(WatchStep.Nudge, Look(entries: 7));
    }

    [Fact]
    public void OneThatCameByAfterAllIsReportedAgainWhenItIsLostAgain()
    {
        for (int look = 0; look < 8; look++)
            Look(entries: 7);
        Assert.Equal(WatchStep.None, Look(entries: 8));
        Assert.Equal(1, Enumerable.Range(0, 8).Count(_ => Look(entries: 8) == WatchStep.Report));
    }

    private WatchStep Look(long entries, bool isFine = false)
    {
        _now += Second;
        WatchStep step = ProgressWatch.Look(isFine, entries, _now, ref _seen, ref _since, _isReported);
        _isReported = step is WatchStep.Report or WatchStep.Reported;
        return step;
    }
}
