using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Scheduling;
using Troupe.Smp.Tests.Machine;

namespace Troupe.Smp.Tests.Scheduling;

public sealed unsafe class RunQueueTests : IDisposable
{
    private const int High = (int)Band.High;
    private const int Normal = (int)Band.Normal;
    private const int Low = (int)Band.Low;
    private readonly IdleMachine _machine = new(4);
    private readonly RunQueue<ProcessorMemory, TestProcessors>* _queue;

    public RunQueueTests()
    {
        _queue = (RunQueue<ProcessorMemory, TestProcessors>*)_machine.Allocate(sizeof(RunQueue<ProcessorMemory, TestProcessors>));
        _queue->Initialize(0);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void ProcessorStateFitsItsSlot()
    {
        Assert.Equal(SchedulerProcessor<ProcessorMemory, TestProcessors>.Size, sizeof(SchedulerProcessor<ProcessorMemory, TestProcessors>));
        Assert.Equal(KernelThread.Size, sizeof(KernelThread));
    }

    [Fact]
    public void ABandIsFirstInFirstOut()
    {
        KernelThread* first = Add(Normal);
        KernelThread* second = Add(Normal);
        KernelThread* third = Add(Normal);
        Assert.Equal(3, _queue->Length);
        AssertNext(first);
        AssertNext(second);
        AssertNext(third);
        Assert.True(_queue->DequeueNext(0) == null);
        Assert.Equal(0, _queue->Length);
        Assert.Equal(-1, _queue->CurrentBand);
    }

    [Fact]
    public void APreemptedThreadComesBackToTheFront()
    {
        Add(Normal);
        KernelThread* preempted = _machine.NewThread();
        _queue->EnqueueFront(preempted, Normal, 0);
        AssertNext(preempted);
    }

    [Fact]
    public void EqualBandsAreServedFromTheTop()
    {
        KernelThread* low = Add(Low);
        KernelThread* normal = Add(Normal);
        KernelThread* high = Add(High);
        AssertNext(high);
        AssertNext(normal);
        AssertNext(low);
    }

    [Fact]
    public void RemoveTakesAThreadOutOfTheMiddle()
    {
        KernelThread* first = Add(Normal);
        KernelThread* middle = Add(Normal);
        KernelThread* last = Add(Normal);
        _queue->Remove(middle);
        Assert.False(_queue->Contains(middle));
        Assert.True(_queue->Contains(last));
        AssertNext(first);
        AssertNext(last);
        Assert.Equal(0, _queue->Length);
    }

    [Fact]
    public void AThiefTakesTheOldestThatItMayRun()
    {
        KernelThread* pinned = Add(High, affinity: 1, now: 1);
        KernelThread* young = Add(High, now: 3);
        KernelThread* old = Add(Low, now: 2);
        Assert.True(_queue->Steal(2) == old);
        Assert.True(_queue->Steal(2) == young);
        Assert.True(_queue->Steal(2) == null);
        Assert.Equal(1, _queue->Length);
        AssertNext(pinned);
    }

    [Fact]
    public void AMaskWithoutProcessorsOnlineAllowsAll()
    {
        KernelThread* nowhere = Add(High, affinity: 1UL << 40);
        Assert.True(_queue->Steal(3) == nowhere);
    }

    [Fact]
    public void TimeThatNobodyElseWantedIsFree()
    {
        Add(Low);
        _queue->DequeueNext(0);
        _queue->Charge(1_000_000_000);
        Assert.Equal(0, _queue->VirtualTimeOf(Low));
    }

    [Fact]
    public void AStalledHostIsChargedForTwoQuantaAtMost()
    {
        Add(High);
        Add(Low);
        _queue->DequeueNext(0);
        _queue->Charge(1_000_000_000);
        Assert.Equal(2 * SchedulingConstants.Quantum, _queue->VirtualTimeOf(High));
    }

    [Fact]
    public void AYieldChargesTheBandOnlyIfAnotherWaits()
    {
        Add(High);
        _queue->DequeueNext(0);
        _queue->ChargeYield();
        Assert.Equal(0, _queue->VirtualTimeOf(High));
        Add(Low);
        _queue->ChargeYield();
        Assert.Equal(SchedulingConstants.YieldCharge, _queue->VirtualTimeOf(High));
    }

    [Fact]
    public void AHigherBandPreemptsUntilItHasHadItsShare()
    {
        Add(Low);
        _queue->DequeueNext(0);
        Add(High, now: 0);
        Assert.True(_queue->HasPreempting());
        _queue->DequeueNext(0);
        _queue->EnqueueFront(_machine.NewThread(), Low, 0);
        _queue->Charge(SchedulingConstants.Quantum);
        _queue->DequeueNext(SchedulingConstants.Quantum);
        Add(High, now: SchedulingConstants.Quantum);
        Assert.False(_queue->HasPreempting());
    }

    // Two bands have shared the processor; the third has slept all the time.
    [Fact]
    public void ABandThatSleptLongestDoesNotGoBeforeAHigherOne()
    {
        const long Quantum = SchedulingConstants.Quantum;
        KernelThread* high = Add(High);
        KernelThread* normal = Add(Normal);
        AssertNext(high);
        _queue->Enqueue(high, High, Quantum);
        Assert.True(_queue->DequeueNext(Quantum) == normal);
        _queue->Enqueue(normal, Normal, 2 * Quantum);
        Assert.True(_queue->DequeueNext(2 * Quantum) == high);
        Assert.True(_queue->Steal(0) == normal);
        Assert.True(_queue->DequeueNext(3 * Quantum) == null);
        KernelThread* busy = Add(Normal, now: 3 * Quantum);
        Assert.True(_queue->DequeueNext(3 * Quantum) == busy);

        KernelThread* low = Add(Low, now: 3 * Quantum);
        _queue->Enqueue(high, High, 3 * Quantum);
        Assert.True(_queue->DequeueNext(3 * Quantum) == high);
        Assert.True(_queue->DequeueNext(3 * Quantum) == low);
    }

    private KernelThread* Add(int band, ulong affinity = ulong.MaxValue, long now = 0)
    {
        KernelThread* thread = _machine.NewThread();
        thread->Affinity = affinity;
        _queue->Enqueue(thread, band, now);
        return thread;
    }

    private void AssertNext(KernelThread* expected) => Assert.True(_queue->DequeueNext(0) == expected);
}
