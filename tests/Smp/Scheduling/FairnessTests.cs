using Troupe.Smp.Kernel;
using Troupe.Smp.Tests.Machine;
using static Troupe.Smp.Tests.Machine.Programs;

namespace Troupe.Smp.Tests.Scheduling;

/// <summary>Shares of the bands, in simulated time.</summary>
public sealed unsafe class FairnessTests
{
    [Fact]
    public void BusyBandsShareAProcessorSixtyThirtyTen()
    {
        using var machine = new Simulator(1);
        SimulatedThread high = machine.Spawn("high", Band.High, Hog());
        SimulatedThread normal = machine.Spawn("normal", Band.Normal, Hog());
        SimulatedThread low = machine.Spawn("low", Band.Low, Hog());
        machine.Run(10 * Second);
        AssertShare(0.60, high, machine);
        AssertShare(0.30, normal, machine);
        AssertShare(0.10, low, machine);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 30)]
    [InlineData(2, 8)]
    [InlineData(4, 40)]
    public void LowGetsFivePercentOfEachProcessorWhateverTheOthersDo(int processors, int others)
    {
        using var machine = new Simulator(processors);
        var lows = new List<SimulatedThread>();
        for (int processor = 0; processor < processors; processor++)
        {
            for (int other = 0; other < others; other++)
                machine.Spawn("other", other % 3 == 0 ? Band.Normal : Band.High, Hog(), 1UL << processor, processor);
            lows.Add(machine.Spawn("low", Band.Low, Hog(), 1UL << processor, processor));
        }

        machine.Run(2 * Second);
        Assert.All(lows, low => Assert.InRange(low.RunTime, machine.Now / 20, machine.Now / 3));
    }

    [Fact]
    public void LowKeepsItsShareAgainstThreadsThatSleepOften()
    {
        using var machine = new Simulator(1);
        for (int index = 0; index < 10; index++)
            machine.Spawn("worker", Band.High, Periodic(100 * Microsecond, 10 * Microsecond));
        SimulatedThread low = machine.Spawn("low", Band.Low, Hog());
        machine.Run(2 * Second);
        Assert.InRange(low.RunTime, machine.Now / 20, machine.Now);
    }

    [Fact]
    public void HighThatNapsDoesNotLoseItsShareToLow()
    {
        using var machine = new Simulator(1);
        SimulatedThread high = machine.Spawn("high", Band.High, Periodic(1 * Millisecond, 1 * Microsecond));
        machine.Spawn("low", Band.Low, Hog());
        machine.Run(2 * Second);
        Assert.InRange(high.RunTime, machine.Now * 6 / 10, machine.Now);
    }

    [Fact]
    public void LowHasTheWholeProcessorWhenTheOthersSleep()
    {
        using var machine = new Simulator(1);
        machine.Spawn("high", Band.High, SleepThenHog(100 * Second));
        machine.Spawn("normal", Band.Normal, SleepThenHog(100 * Second));
        SimulatedThread low = machine.Spawn("low", Band.Low, Hog());
        machine.Run(1 * Second);
        Assert.Equal(machine.Now, low.RunTime);
    }

    [Theory]
    [InlineData(Band.High, Band.Low, 0.86)]
    [InlineData(Band.Low, Band.High, 0.16)]
    [InlineData(Band.Normal, Band.Low, 0.77)]
    public void ABandThatSleptHasNoCredit(Band sleeper, Band hog, double most)
    {
        using var machine = new Simulator(1);
        machine.Spawn("hog", hog, Hog());
        SimulatedThread slept = machine.Spawn("sleeper", sleeper, SleepThenHog(2 * Second));
        machine.Run(2 * Second);
        long from = machine.Now;
        machine.Run(200 * Millisecond);
        Assert.True(slept.RunTime > 0);
        Assert.InRange(slept.RunTime, 0, (long)((machine.Now - from) * most) + (2 * Millisecond));
    }

    [Fact]
    public void ABandThatWasAloneHasNoDebt()
    {
        using var machine = new Simulator(1);
        SimulatedThread low = machine.Spawn("low", Band.Low, Hog());
        machine.Run(5 * Second);
        long before = low.RunTime;
        machine.Spawn("high", Band.High, Hog());
        machine.Run(100 * Millisecond);
        Assert.InRange(low.RunTime - before, 5 * Millisecond, 20 * Millisecond);
    }

    [Fact]
    public void ThreadsOfABandTakeTurns()
    {
        using var machine = new Simulator(2);
        for (int index = 0; index < 50; index++)
            machine.Spawn("thread", Band.Normal, Hog());
        machine.Run(5 * Second);
        long fair = 2 * machine.Now / 50;
        Assert.All(machine.All, thread => Assert.InRange(thread.RunTime, fair * 8 / 10, fair * 12 / 10));
    }

    [Fact]
    public void ThreeBusyThreadsOnTwoProcessorsTakeTurnsInTheGoodSeat()
    {
        using var machine = new Simulator(2);
        for (int index = 0; index < 3; index++)
            machine.Spawn("thread", Band.Normal, Hog());
        machine.Run(2 * Second);
        Assert.All(machine.All, thread => Assert.InRange(thread.RunTime, machine.Now * 55 / 100, machine.Now * 78 / 100));
    }

    [Fact]
    public void ThreadTimeIsWhatTheClockSays()
    {
        using var machine = new Simulator(2);
        for (int index = 0; index < 5; index++)
            machine.Spawn("thread", (Band)(index % 3), Periodic(300 * Microsecond, 200 * Microsecond));
        machine.Run(1 * Second);
        foreach (SimulatedThread thread in machine.All)
        {
            // What is not accounted yet is the present turn.
            long unaccounted = thread.Block->State == (int)ThreadState.Running ? machine.Now - thread.Block->RunningSince : 0;
            Assert.Equal(thread.RunTime, thread.Block->ProcessorTime + unaccounted);
        }
    }

    private static void AssertShare(double expected, SimulatedThread thread, Simulator machine)
    {
        double share = (double)thread.RunTime / machine.Now;
        Assert.InRange(share, expected - 0.02, expected + 0.02);
    }
}
