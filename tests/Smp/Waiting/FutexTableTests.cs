using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Waiting;
using Troupe.Smp.Tests.Machine;

namespace Troupe.Smp.Tests.Waiting;

public sealed unsafe class FutexTableTests : IDisposable
{
    private const int Interrupted = -4;
    private const int TimedOut = -110;
    private readonly IdleMachine _machine = new(2);
    private readonly uint* _word;
    private readonly uint* _other;

    public FutexTableTests()
    {
        _word = (uint*)_machine.Allocate(4096);
        _other = _word + 64;
    }

    private FutexTable<ProcessorMemory, TestProcessors, TestUserWord>* Futexes => _machine.Futexes;

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void AWaiterIsWokenOnceWithZero()
    {
        KernelThread* thread = Waiter(_word);
        Assert.Equal(ThreadState.Blocked, (ThreadState)thread->State);
        Assert.Equal(1, Wake(_word, 1));
        AssertReady(thread, 0);
        Assert.Equal(0, Wake(_word, 1));
    }

    [Fact]
    public void AWordThatHasChangedRefusesTheWait()
    {
        KernelThread* thread = Running();
        *_word = 1;
        Assert.Equal(WaitStatus.ValueChanged, Futexes->Wait(0, (ulong)_word, 0, uint.MaxValue, long.MaxValue, 0));
        AssertStillRunning(thread);
    }

    [Fact]
    public void AWakeThatComesWhileTheWordIsReadWaitsForTheWaiter()
    {
        KernelThread* thread = Running();
        int woken = 0;
        var wake = new Thread(() =>
        {
            TestProcessors.Enter(_machine, 1);
            woken = Wake(_word, 1);
        });
        TestUserWord.OnNextRead(() =>
        {
            wake.Start();
            Assert.False(wake.Join(50));
        });
        Assert.Equal(WaitStatus.Done, Futexes->Wait(0, (ulong)_word, 0, uint.MaxValue, long.MaxValue, 0));
        Assert.True(wake.Join(5000));
        Assert.Equal(1, woken);
        AssertReady(thread, 0);
    }

    [Fact]
    public void AFaultIsReportedAndTheLockIsFree()
    {
        KernelThread* thread = Running();
        Assert.Equal(WaitStatus.Faulted, Futexes->Wait(0, 8, 0, uint.MaxValue, long.MaxValue, 0));
        Assert.Equal(WaitStatus.Faulted, Futexes->Wait(0, 8, 0, uint.MaxValue, long.MaxValue, 0));
        AssertStillRunning(thread);
        Assert.Equal(WaitStatus.Faulted, Requeue(8, 1, 1, compare: true, out int affected));
        Assert.Equal(0, affected);
    }

    [Fact]
    public void APastDeadlineRefusesTheWait()
    {
        KernelThread* thread = Running();
        Assert.Equal(WaitStatus.TimedOut, Futexes->Wait(0, (ulong)_word, 0, uint.MaxValue, 10, 10));
        AssertStillRunning(thread);
    }

    [Fact]
    public void APendingSignalRefusesTheWaitUnlessItIsBlocked()
    {
        KernelThread* thread = Running();
        thread->PendingSignals = 4;
        Assert.Equal(WaitStatus.Interrupted, Futexes->Wait(0, (ulong)_word, 0, uint.MaxValue, 50, 0));
        Assert.Equal(WaitStatus.Interrupted, Futexes->Sleep(0, 50, 0));
        AssertStillRunning(thread);
        thread->SignalMask = 4;
        Assert.Equal(WaitStatus.Done, Futexes->Wait(0, (ulong)_word, 0, uint.MaxValue, 50, 0));
    }

    [Fact]
    public void WaitersAreWokenInOrderAndNoMoreThanAsked()
    {
        KernelThread* first = Waiter(_word);
        KernelThread* second = Waiter(_word);
        KernelThread* third = Waiter(_word);
        Assert.Equal(2, Wake(_word, 2));
        AssertReady(first, 0);
        AssertReady(second, 0);
        Assert.Equal(ThreadState.Blocked, (ThreadState)third->State);
    }

    [Fact]
    public void AThousandWaitersAreWokenByOneCall()
    {
        for (int index = 0; index < 1000; index++)
            Waiter(_word);
        Assert.Equal(1000, Wake(_word, int.MaxValue));
        Assert.Equal(0, Futexes->WaitersNear((ulong)_word));
    }

    [Fact]
    public void OneCallWakesABoundedNumberAndNobodyWhoCameMeanwhile()
    {
        for (int index = 0; index < 200; index++)
            Waiter(_word);
        int budget = -1, woken = 0, calls = 0;
        for (bool isDone = false; !isDone; calls++)
        {
            int piece = Futexes->WakeSome((ulong)_word, int.MaxValue - woken, uint.MaxValue, ref budget, out isDone);
            Assert.InRange(piece, 1, 64);
            woken += piece;
            if (calls == 0)
                WaitAgain();
        }

        Assert.Equal((200, 4), (woken, calls));
        Assert.Equal(1, Wake(_word, int.MaxValue));
    }

    [Fact]
    public void OneCallRequeuesABoundedNumberAndComparesOnlyAtFirst()
    {
        for (int index = 0; index < 200; index++)
            Waiter(_word);
        ulong packed = 0;
        int calls = 0, moved = 0;
        for (bool isDone = false; !isDone; calls++)
        {
            var progress = RequeueProgress.Unpack(packed);
            Assert.Equal(WaitStatus.Done, Futexes->Requeue((ulong)_word, (ulong)_other, 70, int.MaxValue, compare: true, 0, ref progress, out isDone));
            Assert.InRange(progress.Affected - moved, 1, 64);
            moved = progress.Affected;
            packed = progress.Pack();
            Assert.NotEqual(0UL, packed);
            if (calls == 0)
            {
                WaitAgain();
                *_word = 1;
            }
        }

        Assert.Equal((200, 4), (moved, calls));
        Assert.Equal(130, Wake(_other, int.MaxValue));
        Assert.Equal(1, Wake(_word, int.MaxValue));
    }

    [Fact]
    public void OnlyAMatchingBitsetWakes()
    {
        KernelThread* two = Waiter(_word, bitset: 2);
        KernelThread* one = Waiter(_word, bitset: 1);
        Assert.Equal(1, Futexes->Wake((ulong)_word, int.MaxValue, 1));
        AssertReady(one, 0);
        Assert.Equal(ThreadState.Blocked, (ThreadState)two->State);
    }

    [Fact]
    public void FutexesOfOneBucketDoNotWakeEachOther()
    {
        // More words than buckets: some share one.
        uint* words = (uint*)_machine.Allocate(4096);
        for (int index = 0; index < 1000; index++)
            Waiter(words + index);
        for (int index = 0; index < 1000; index++)
            Assert.Equal(1, Wake(words + index, int.MaxValue));
    }

    [Fact]
    public void ADeadlineEndsTheWait()
    {
        KernelThread* thread = Waiter(_word, deadline: 100);
        Assert.Equal(100, _machine.Scheduler->NextTimerDeadline(0));
        Assert.Equal(0, Futexes->Expire(0, 99));
        Assert.Equal(1, Futexes->Expire(0, 100));
        AssertReady(thread, TimedOut);
        Assert.Equal(0, Wake(_word, 1));
    }

    [Fact]
    public void AWakeStopsTheClock()
    {
        KernelThread* thread = Waiter(_word, deadline: 100);
        Wake(_word, 1);
        Assert.Equal(-1, thread->TimerProcessor);
        Assert.Equal(0, Futexes->Expire(0, 1000));
        AssertReady(thread, 0);
    }

    [Fact]
    public void AnotherProcessorsWakeStopsTheClockToo()
    {
        KernelThread* thread = Waiter(_word, deadline: 100);
        _machine.As(1);
        Wake(_word, 1);
        Assert.Equal(long.MaxValue, _machine.Scheduler->Processor(0)->Timers.NextDeadline);
        Assert.Equal(-1, thread->TimerProcessor);
    }

    [Fact]
    public void ASleepEndsWithZeroAtItsDeadline()
    {
        KernelThread* thread = Running();
        Assert.Equal(WaitStatus.Done, Futexes->Sleep(0, 100, 0));
        Assert.Equal(1, Futexes->Expire(0, 100));
        AssertReady(thread, 0);
    }

    [Fact]
    public void ASignalEndsAWaitAndASleep()
    {
        KernelThread* waiter = Waiter(_word, deadline: 100);
        KernelThread* sleeper = Running();
        Futexes->Sleep(0, long.MaxValue, 0);
        Assert.True(Futexes->CancelWait(waiter, Interrupted));
        Assert.True(Futexes->CancelWait(sleeper, Interrupted));
        AssertReady(waiter, Interrupted);
        AssertReady(sleeper, Interrupted);
        Assert.False(Futexes->CancelWait(waiter, Interrupted));
        Assert.Equal(0, Futexes->Expire(0, long.MaxValue - 1));
    }

    [Fact]
    public void RequeueWakesSomeAndMovesSome()
    {
        KernelThread* first = Waiter(_word);
        KernelThread* second = Waiter(_word);
        KernelThread* third = Waiter(_word);
        Assert.Equal(WaitStatus.Done, Requeue((ulong)_word, 1, 1, compare: true, out int affected));
        Assert.Equal(2, affected);
        AssertReady(first, 0);
        Assert.Equal(1, Wake(_other, int.MaxValue));
        AssertReady(second, 0);
        Assert.Equal(1, Wake(_word, int.MaxValue));
        AssertReady(third, 0);
    }

    [Fact]
    public void RequeueRefusesAWordThatHasChanged()
    {
        Waiter(_word);
        *_word = 1;
        Assert.Equal(WaitStatus.ValueChanged, Requeue((ulong)_word, 1, 1, compare: true, out int affected));
        Assert.Equal(0, affected);
        Assert.Equal(0, Wake(_other, 1));
    }

    [Fact]
    public void ARequeuedWaiterStillTimesOut()
    {
        KernelThread* thread = Waiter(_word, deadline: 100);
        Requeue((ulong)_word, 0, 1, compare: false, out _);
        Assert.Equal(1, Futexes->Expire(0, 100));
        AssertReady(thread, TimedOut);
        Assert.Equal(0, Wake(_other, 1));
    }

    [Fact]
    public void EveryWaitHasItsOwnSequence()
    {
        KernelThread* thread = Waiter(_word);
        int first = thread->WaitSequence;
        Wake(_word, 1);
        Assert.True(_machine.Scheduler->PickNext(0, 0) == thread);
        Futexes->Sleep(0, 100, 0);
        Assert.Equal(first + 1, thread->WaitSequence);
    }

    /// <summary>The thread that is next on processor 0 waits on the word.</summary>
    private void WaitAgain()
    {
        _machine.Scheduler->PickNext(0, 0);
        Assert.Equal(WaitStatus.Done, Futexes->Wait(0, (ulong)_word, 0, uint.MaxValue, long.MaxValue, 0));
    }

    private WaitStatus Requeue(ulong address, int wakeCount, int requeueCount, bool compare, out int affected)
    {
        RequeueProgress progress = default;
        WaitStatus status = Futexes->Requeue(address, (ulong)_other, wakeCount, requeueCount, compare, 0, ref progress, out bool isDone);
        Assert.True(isDone);
        affected = progress.Affected;
        return status;
    }

    private int Wake(uint* word, int count) => Futexes->Wake((ulong)word, count, uint.MaxValue);

    /// <summary>A new thread, current on processor 0.</summary>
    private KernelThread* Running()
    {
        KernelThread* thread = _machine.NewThread();
        thread->Affinity = 1;
        _machine.Scheduler->MakeReady(thread);
        Assert.True(_machine.Scheduler->PickNext(0, 0) == thread);
        return thread;
    }

    private KernelThread* Waiter(uint* word, uint bitset = uint.MaxValue, long deadline = long.MaxValue)
    {
        KernelThread* thread = Running();
        thread->Registers.Rax = 12345;
        Assert.Equal(WaitStatus.Done, Futexes->Wait(0, (ulong)word, 0, bitset, deadline, 0));
        return thread;
    }

    private void AssertStillRunning(KernelThread* thread)
    {
        Assert.Equal(ThreadState.Running, (ThreadState)thread->State);
        Assert.True(_machine.Scheduler->Current(0) == thread);
        Assert.Equal(0UL, thread->FutexAddress);
        Assert.Equal(-1, thread->TimerProcessor);
    }

    private static void AssertReady(KernelThread* thread, long result)
    {
        Assert.Equal(ThreadState.Ready, (ThreadState)thread->State);
        Assert.Equal(result, (long)thread->Registers.Rax);
        Assert.Equal(0UL, thread->FutexAddress);
    }
}
