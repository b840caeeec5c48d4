using Troupe.Smp.Kernel;
using Troupe.Smp.Tests.Machine;
using static Troupe.Smp.Tests.Machine.Programs;

namespace Troupe.Smp.Tests.Scheduling;

/// <summary>A demoted thread holds a lock that High threads spin on: it must get through its critical section within 100 ms.</summary>
public sealed class LockHolderTests
{
    [Theory]
    [CombinatorialSpinners]
    public void ADemotedLockHolderFinishesWithinAHundredMilliseconds(int processors, int spinnersPerProcessor, bool yields, bool pinned, int otherLows)
    {
        using var machine = new Simulator(processors);
        bool released = false;
        for (int index = 0; index < otherLows; index++)
            machine.Spawn("low", Band.Low, Hog(), processor: index % processors);
        SimulatedThread holder = machine.Spawn("holder", Band.High, Holder(() => released = true));
        machine.Run(100 * Microsecond);

        for (int processor = 0; processor < processors; processor++)
        {
            for (int index = 0; index < spinnersPerProcessor; index++)
            {
                ulong affinity = pinned ? 1UL << processor : ulong.MaxValue;
                machine.Spawn("spinner", Band.High, Spin(() => released, yields), affinity, processor);
            }
        }

        machine.Run(5 * Millisecond);
        Demote(machine, holder);
        long took = machine.RunUntil(() => released, 1 * Second);
        Assert.True(released && took < 100 * Millisecond, $"{(released ? "took" : "not in")} {took / 1000} us");
    }

    [Fact]
    public void AYieldingSpinnerGivesTheLowBandMostOfTheProcessor()
    {
        using var machine = new Simulator(1);
        machine.Spawn("spinner", Band.High, Spin(() => false, yields: true));
        SimulatedThread low = machine.Spawn("low", Band.Low, Hog());
        machine.Run(1 * Second);
        Assert.InRange(low.RunTime, machine.Now * 8 / 10, machine.Now);
    }

    [Fact]
    public void AYieldingSpinnerFetchesTheHolderFromABusyProcessor()
    {
        using var machine = new Simulator(2);
        bool released = false;
        machine.Spawn("hog", Band.High, Hog(), affinity: 2, processor: 1);
        machine.Spawn("spinner", Band.High, Spin(() => released, yields: true), affinity: 1);
        SimulatedThread holder = machine.Spawn("holder", Band.Low, Holder(() => released = true), processor: 1);
        long took = machine.RunUntil(() => released, 1 * Second);
        Assert.InRange(took, 0, 6 * Millisecond);
        Assert.Equal(1UL, holder.ProcessorsSeen & 1);
    }

    private static unsafe void Demote(Simulator machine, SimulatedThread holder) =>
        machine.Do(() => machine.Scheduler->SetBand(holder.Block, Band.Low));

    /// <summary>5 ms of work under the lock: more than two quanta.</summary>
    private static IEnumerable<Operation> Holder(Action release)
    {
        yield return Operation.Compute(5 * Millisecond);
        release();
    }

    private sealed class CombinatorialSpinnersAttribute : Xunit.Sdk.DataAttribute
    {
        public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod)
        {
            foreach (int processors in (int[])[1, 2, 4])
            {
                foreach (int spinners in (int[])[1, 2, 8])
                {
                    foreach (bool yields in (bool[])[false, true])
                    {
                        foreach (bool pinned in (bool[])[false, true])
                        {
                            yield return [processors, spinners, yields, pinned, 0];
                            yield return [processors, spinners, yields, pinned, processors];
                        }
                    }
                }
            }
        }
    }
}
