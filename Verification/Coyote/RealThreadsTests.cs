namespace Troupe.Verification.Coyote;

/// <summary>The runner on real threads finds what is plainly wrong, and nothing else.</summary>
public sealed class RealThreadsTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_body_that_holds_is_run_until_the_time_is_up()
    {
        var (runs, elapsed, finding) = RealThreads.Repeat(Counting(yields: false, locks: true), Short, Long);
        Assert.Null(finding);
        Assert.True(runs >= 1 && elapsed >= Short, $"{runs} runs in {elapsed}");
    }

    [Fact]
    public void A_lost_update_is_found()
    {
        var (runs, _, finding) = RealThreads.Repeat(Counting(yields: true, locks: false), Long, Long);
        Assert.True(finding?.Contains("Expected: 200", StringComparison.Ordinal), $"{runs} runs: {finding}");
    }

    [Fact]
    public void A_run_without_an_end_is_a_hang()
    {
        var (runs, _, finding) = RealThreads.Repeat(
            static () => CoyoteWorld.Run(static () => new CoyoteParker().Park(Timeout.InfiniteTimeSpan)), Long, TimeSpan.FromSeconds(1));
        Assert.Equal(1, runs);
        Assert.StartsWith("hangs", finding, StringComparison.Ordinal);
    }

    private static Action Counting(bool yields, bool locks) => () =>
    {
        var (gate, sum) = (new object(), 0);
        void Count()
        {
            for (var i = 0; i < 100; i++)
            {
                if (locks) Monitor.Enter(gate);
                var before = sum;
                if (yields) Thread.Yield();
                sum = before + 1;
                if (locks) Monitor.Exit(gate);
            }
        }

        CoyoteWorld.Run(Count, Count);
        Assert.Equal(200, sum);
    };
}
