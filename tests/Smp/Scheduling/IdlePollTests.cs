using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Scheduling;
using Troupe.Smp.Tests.Machine;
using static Troupe.Smp.Tests.Machine.Programs;

namespace Troupe.Smp.Tests.Scheduling;

public sealed unsafe class IdlePollTests
{
    private const long Longest = IdlePoll.UsualLongest;

    [Fact]
    public void AProcessorThatWasNeverIdleHaltsAtOnce() => Assert.Equal(0, default(IdlePoll).Window);

    [Fact]
    public void TheWindowGrowsWhileALongerOneWouldHaveHeldTheProcessor() =>
        Assert.Equal([50_000, 100_000, 200_000, 200_000], After([30_000, 90_000, 150_000, 200_000]));

    [Fact]
    public void AWindowThatHeldTheProcessorStaysAsItIs() =>
        Assert.Equal([50_000, 50_000, 50_000], After([30_000, 50_000, 1]));

    [Fact]
    public void TheWindowIsHalvedByWaitsThatAreTooLongAndThenThereIsNone() =>
        Assert.Equal([50_000, 100_000, 200_000, 100_000, 50_000, 0, 0], After([30_000, 90_000, 150_000, 1_000_000, Longest + 1, 1_000_000, 1_000_000]));

    [Fact]
    public void NoWindowIsLongerThanTheLongest() => Assert.Equal([20_000, 20_000, 0], After([10_000, 20_000, 20_001], longest: 20_000));

    [Fact]
    public void WithALongestOfNothingThereIsNone() => Assert.Equal([0, 0, 0], After([0, 1, 30_000], longest: 0));

    [Fact]
    public void AProcessorLearnsFromWhatItsThreadsWaitedFor()
    {
        using var machine = new Simulator(1);
        machine.Spawn("often, then seldom", Band.Normal, Periodic(10 * Microsecond, 100 * Microsecond).Take(20).Concat(SleepThenHog(10 * Millisecond)));
        machine.Run(1 * Millisecond);
        Assert.InRange(machine.Scheduler->PollWindow(0), 100 * Microsecond, Longest);
        machine.Run(2 * Millisecond);
        long grown = machine.Scheduler->PollWindow(0);
        machine.Run(20 * Millisecond);
        Assert.Equal(grown / 2, machine.Scheduler->PollWindow(0));
    }

    [Fact]
    public void AProcessorThatMustNotPollNeverDoes()
    {
        using var machine = new Simulator(1);
        machine.Scheduler->LimitPoll(0);
        machine.Spawn("often", Band.Normal, Periodic(10 * Microsecond, 100 * Microsecond));
        machine.Run(1 * Millisecond);
        Assert.Equal(0, machine.Scheduler->PollWindow(0));
    }

    private static long[] After(long[] idle, long longest = Longest)
    {
        IdlePoll poll = default;
        return [.. idle.Select(time =>
        {
            poll.Learn(time, longest);
            return poll.Window;
        })];
    }
}
