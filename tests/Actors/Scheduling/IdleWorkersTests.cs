using Troupe.Core.Memory;

namespace Troupe.Actors.Tests;

public sealed class IdleWorkersTests
{
    [Fact]
    public void ASleeperIsClaimedOnce()
    {
        var idle = new IdleWorkers<ProcessorMemory>(3);
        Assert.Equal(-1, idle.TryClaimAny(0));
        idle.Announce(1);
        Assert.Equal(1, idle.Count);
        Assert.False(idle.TryClaim(0));
        Assert.Equal(1, idle.TryClaimAny(2));
        Assert.Equal(-1, idle.TryClaimAny(2));
        Assert.True(idle.Retract(1));
        Assert.Equal(0, idle.Count);
    }

    [Fact]
    public void AWorkerThatFoundWorkItselfWasNotClaimed()
    {
        var idle = new IdleWorkers<ProcessorMemory>(1);
        idle.Announce(0);
        Assert.False(idle.Retract(0));
        Assert.False(idle.TryClaim(0));
    }

    /// <summary>One producer hands one item at a time to a worker that sleeps in between; a lost wake-up hangs it.</summary>
    [Fact]
    public void NoWakeUpIsLost()
    {
        const int Items = 20_000;
        var idle = new IdleWorkers<ProcessorMemory>(1);
        var parker = new MonitorParker();
        int offered = 0;
        int taken = 0;
        var worker = new Thread(() =>
        {
            while (taken < Items)
            {
                if (Volatile.Read(ref offered) > taken)
                {
                    Volatile.Write(ref taken, taken + 1);
                    continue;
                }

                idle.Announce(0);
                if (Volatile.Read(ref offered) == taken)
                    parker.Park(Timeout.InfiniteTimeSpan);
                idle.Retract(0);
            }
        })
        { IsBackground = true };
        worker.Start();
        for (int item = 0; item < Items; item++)
        {
            Interlocked.Increment(ref offered);
            if (idle.TryClaim(0))
                parker.Unpark();
            if (item % 2 == 0)
                SpinWait.SpinUntil(() => Volatile.Read(ref taken) == item + 1, TimeSpan.FromSeconds(30));
        }

        Assert.True(worker.Join(TimeSpan.FromSeconds(30)));
    }
}
