using Troupe.Core.Machine;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Scheduling;
using Troupe.Smp.Tests.Machine;
using static Troupe.Smp.Tests.Machine.Programs;

namespace Troupe.Smp.Tests.Scheduling;

public sealed unsafe class SchedulerTests
{
    private static int _entered;
    private static int _left;

    [Fact]
    public void AnIdleProcessorTakesNoTimerInterrupts()
    {
        using var machine = new Simulator(2);
        machine.Run(10 * Second);
        Assert.Equal(0, machine.TimerInterrupts);
        Assert.Equal(long.MaxValue, machine.Scheduler->NextTimerDeadline(0));
    }

    [Fact]
    public void AThreadAloneOnItsProcessorIsNotInterrupted()
    {
        using var machine = new Simulator(2);
        machine.Spawn("one", Band.Normal, Hog(), processor: 0);
        machine.Spawn("two", Band.Normal, Hog(), processor: 1);
        machine.Run(10 * Second);
        Assert.Equal(0, machine.TimerInterrupts);
    }

    [Fact]
    public void TheQuantumTimerStopsWhenTheRivalIsGone()
    {
        using var machine = new Simulator(1);
        machine.Spawn("hog", Band.Normal, Hog());
        machine.Spawn("short", Band.Normal, ComputeOnce(5 * Millisecond));
        machine.Run(1 * Second);
        Assert.InRange(machine.TimerInterrupts, 2, 10);
    }

    [Fact]
    public void AWokenHighThreadPreemptsNormalAtOnce()
    {
        using var machine = new Simulator(1);
        long woke = 0;
        machine.Spawn("hog", Band.Normal, Hog());
        machine.Spawn("rival", Band.Normal, Hog());
        machine.Spawn("high", Band.High, SleepAndStamp(10 * Millisecond, () => woke = machine.Now));
        machine.Run(50 * Millisecond);
        Assert.InRange(woke, 10 * Millisecond, (10 * Millisecond) + (50 * Microsecond));
    }

    [Fact]
    public void AWokenThreadGoesToAnIdleProcessorRatherThanWaitForItsLast()
    {
        using var machine = new Simulator(2);
        machine.Spawn("hog", Band.Normal, Hog(), affinity: 1);
        SimulatedThread other = machine.Spawn("other", Band.Normal, ComputeOnce(1 * Millisecond), processor: 0);
        machine.RunUntil(() => other.Exited, 1 * Second);
        Assert.Equal(2UL, other.ProcessorsSeen);
        Assert.InRange(other.ExitedAt, 0, (1 * Millisecond) + (10 * Microsecond));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(4, 9)]
    public void NoProcessorIdlesWhileThreadsWait(int processors, int threads)
    {
        using var machine = new Simulator(processors);
        for (int index = 0; index < threads; index++)
            machine.Spawn("thread", Band.Normal, ComputeOnce(100 * Millisecond), processor: 0);
        machine.Run(50 * Millisecond);
        Assert.All(Enumerable.Range(0, processors), index => Assert.NotNull(machine.RunningOn(index)));
        machine.RunUntil(() => machine.All.All(thread => thread.Exited), 10 * Second);
        long work = threads * 100 * Millisecond;
        Assert.InRange(machine.Now, work / processors, (work / processors) + (100 * Millisecond));
    }

    [Fact]
    public void APinnedThreadRunsNowhereElse()
    {
        using var machine = new Simulator(4);
        for (int index = 0; index < 12; index++)
            machine.Spawn("pinned", Band.Normal, Periodic(700 * Microsecond, 300 * Microsecond), 1UL << (index % 3), index % 4);
        machine.Run(500 * Millisecond);
        Assert.All(machine.All, thread => Assert.Equal(thread.Block->Affinity, thread.ProcessorsSeen));
        Assert.Null(machine.RunningOn(3));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void SetAffinityMovesRunningAndReadyThreads(int threads)
    {
        using var machine = new Simulator(2);
        for (int index = 0; index < threads; index++)
            machine.Spawn("moved", Band.Normal, Hog(), affinity: 2, processor: 1);
        machine.Run(10 * Millisecond);
        Assert.Null(machine.RunningOn(0));
        machine.Do(() =>
        {
            foreach (SimulatedThread thread in machine.All)
                machine.Scheduler->SetAffinity(thread.Block, 1);
        });
        machine.Run(1 * Millisecond);
        Assert.NotNull(machine.RunningOn(0));
        Assert.Null(machine.RunningOn(1));
        machine.Run(20 * Millisecond);
        Assert.All(machine.All, thread => Assert.Equal(3UL, thread.ProcessorsSeen));
    }

    [Fact]
    public void SetAffinityOfASleeperHoldsWhenItWakes()
    {
        using var machine = new Simulator(2);
        SimulatedThread thread = machine.Spawn("sleeper", Band.Normal, SleepThenHog(5 * Millisecond), processor: 0);
        machine.Run(1 * Millisecond);
        machine.Do(() => machine.Scheduler->SetAffinity(thread.Block, 2));
        machine.Run(10 * Millisecond);
        Assert.Same(thread, machine.RunningOn(1));
    }

    [Fact]
    public void SetBandMovesAReadyThreadAheadAtOnce()
    {
        using var machine = new Simulator(1);
        machine.Spawn("hog", Band.Normal, Hog());
        SimulatedThread promoted = machine.Spawn("promoted", Band.Low, Hog());
        machine.Run(100 * Microsecond);
        machine.Do(() => machine.Scheduler->SetBand(promoted.Block, Band.High));
        machine.Run(10 * Microsecond);
        Assert.Same(promoted, machine.RunningOn(0));
    }

    [Fact]
    public void ADemotedThreadGivesWayAtOnce()
    {
        using var machine = new Simulator(1);
        SimulatedThread demoted = machine.Spawn("demoted", Band.High, Hog());
        SimulatedThread spare = machine.Spawn("spare", Band.High, Hog());
        machine.Run(100 * Microsecond);
        machine.Do(() => machine.Scheduler->SetBand(demoted.Block, Band.Low));
        machine.Run(10 * Microsecond);
        Assert.Same(spare, machine.RunningOn(0));
    }

    [Fact]
    public void AYieldGivesWayWithinTheBand()
    {
        using var machine = new Simulator(1);
        SimulatedThread first = machine.Spawn("first", Band.Normal, Spin(() => false, yields: true));
        SimulatedThread second = machine.Spawn("second", Band.Normal, Spin(() => false, yields: true));
        machine.Run(1 * Millisecond);
        Assert.InRange(first.RunTime - second.RunTime, -10 * Microsecond, 10 * Microsecond);
    }

    [Fact]
    public void TwoWakersDoNotClaimOneIdleProcessorTwice()
    {
        using var machine = new IdleMachine(3);
        StartAll(machine);
        machine.As(0);
        KernelThread* current = Ready(machine, 0, affinity: 1);
        machine.Scheduler->PickNext(0, 0);
        Assert.True(machine.Scheduler->Current(0) == current);
        Ready(machine, 1, ulong.MaxValue);
        Ready(machine, 1, ulong.MaxValue);
        Assert.Equal([1, 2], machine.Interrupted.Order());
    }

    [Fact]
    public void AProcessorRunningAloneIsInterruptedOnceToStartItsQuantum()
    {
        using var machine = new IdleMachine(2);
        StartAll(machine);
        for (int processor = 0; processor < 2; processor++)
        {
            machine.As(processor);
            Ready(machine, processor, 1UL << processor);
            machine.Scheduler->PickNext(processor, 0);
        }

        machine.As(0);
        machine.Interrupted.Clear();
        Ready(machine, 1, affinity: 2);
        Ready(machine, 1, affinity: 2);
        Assert.Equal([1], machine.Interrupted);
        machine.As(1);
        machine.Scheduler->OnReschedule(1);
        machine.Scheduler->PickNext(1, 0);
        Assert.Equal(SchedulingConstants.Quantum, machine.Scheduler->NextTimerDeadline(1));
    }

    [Fact]
    public void TheIdleHooksComeInPairs()
    {
        using var machine = new IdleMachine(1);
        _entered = 0;
        _left = 0;
        machine.Scheduler->SetIdleHooks(&Entering, &Leaving);
        StartAll(machine);
        Assert.Equal((1, 0), (_entered, _left));
        Ready(machine, 0, 1);
        machine.Scheduler->PickNext(0, 0);
        Assert.Equal((1, 1), (_entered, _left));
    }

    [Fact]
    public void AnExitedThreadsBlockIsFreedOnlyOnceTheProcessorHasLeftIt()
    {
        using var machine = new IdleMachine(1);
        StartAll(machine);
        KernelThread* thread = Ready(machine, 0, 1);
        int id = thread->Id;
        machine.Scheduler->PickNext(0, 0);
        machine.Scheduler->Exit(0, 0);
        Assert.True(machine.Threads->Find(id) == null);
        machine.Scheduler->PickNext(0, 0);
        Assert.Equal((int)ThreadState.Exited, thread->State);
        machine.Scheduler->PickNext(0, 0);
        Assert.Equal((int)ThreadState.Free, thread->State);
        Assert.Equal(0, machine.Threads->Count);
    }

    [Fact]
    public void SixtyFourProcessorsWork()
    {
        using var machine = new Simulator(IProcessors.Maximum);
        for (int index = 0; index < 2 * IProcessors.Maximum; index++)
            machine.Spawn("thread", Band.Normal, Hog(), processor: index % IProcessors.Maximum);
        machine.Run(20 * Millisecond);
        Assert.All(machine.All, thread => Assert.True(thread.RunTime > 0));
    }

    private static void StartAll(IdleMachine machine)
    {
        for (int processor = 0; processor < machine.ProcessorCount; processor++)
        {
            machine.As(processor);
            machine.Scheduler->PickNext(processor, 0);
        }

        machine.As(0);
    }

    private static KernelThread* Ready(IdleMachine machine, int processor, ulong affinity)
    {
        KernelThread* thread = machine.NewThread();
        thread->Affinity = affinity;
        thread->Processor = processor;
        machine.Scheduler->MakeReady(thread);
        return thread;
    }

    private static IEnumerable<Operation> SleepAndStamp(long nanoseconds, Action stamp)
    {
        yield return Operation.Sleep(nanoseconds);
        stamp();
        while (true)
            yield return Operation.Compute(1 * Second);
    }

    private static void Entering(int processor) => _entered++;

    private static void Leaving(int processor) => _left++;
}
