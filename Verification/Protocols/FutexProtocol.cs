using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Waiting;
using ThreadState = Troupe.Smp.Kernel.ThreadState;

namespace Troupe.Verification.Protocols;

/// <summary>What may end a wait in a <see cref="FutexProtocol{TMemory,TWorld}"/>.</summary>
[Flags]
internal enum Ending
{
    /// <summary>Another thread changes the word and wakes.</summary>
    Wake = 1,

    /// <summary>A deadline, which comes when the processor has nothing else to do.</summary>
    Deadline = 2,

    /// <summary>A signal, sent by another processor.</summary>
    Signal = 4,
}

/// <summary>
/// A thread on processor 0 waits on a word while others change it and wake, signal the thread, or time passes. However they
/// meet, the thread goes on, once, and is told by exactly one of them.
/// </summary>
internal sealed unsafe class FutexProtocol<TMemory, TWorld> : SchedulerProtocol<TMemory, TWorld>
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const long Deadline = 5, AfterDeadline = 6;

    private readonly FutexTable<TMemory, TWorld, Word>* _futexes;
    private readonly KernelThread* _waiter;
    private readonly int* _word;
    private readonly Ending _endings;
    private int _woken;
    private int _canceled;
    private int _expired;
    private long _result = long.MinValue;

    public FutexProtocol(Ending endings)
        : base(3)
    {
        _endings = endings;
        _futexes = (FutexTable<TMemory, TWorld, Word>*)Allocate(sizeof(FutexTable<TMemory, TWorld, Word>));
        _futexes->Initialize(Allocate(FutexTable<TMemory, TWorld, Word>.MemoryRequired), Scheduler);
        _word = (int*)Allocate(sizeof(int));
        _waiter = NewThread(0, affinity: 1);
        Start(0, _waiter);
        Start(1, NewThread(1, ulong.MaxValue));
        Start(2, NewThread(2, ulong.MaxValue));
    }

    public override Action[] Processors
    {
        get
        {
            List<Action> bodies = [Wait];
            if (_endings.HasFlag(Ending.Wake)) bodies.Add(Wake);
            if (_endings.HasFlag(Ending.Signal)) bodies.Add(Signal);
            return [.. bodies];
        }
    }

    /// <summary>The word by which a thread says that it is blocked.</summary>
    public ref int State => ref _waiter->State;

    public override string Outcome() => $"{_result}";

    public override void Check()
    {
        Require(_woken + _canceled + _expired <= 1, "two claims on one wait");
        Require(_futexes->WaitersNear((ulong)_word) == 0, "still in the bucket");
        Require(_waiter->TimerProcessor == -1, "still on the clock");
        Require(_waiter->State == (int)ThreadState.Running, "not running");
        if (_result == WaitResult.Woken) Require(_woken == 1, "woken by nobody");
        if (_result == WaitResult.TimedOut) Require(_expired == 1, "timed out by nobody");
    }

    private void Wait()
    {
        var deadline = _endings.HasFlag(Ending.Deadline) ? Deadline : long.MaxValue;
        var status = _futexes->Wait(0, (ulong)_word, 0, FutexTable<TMemory, TWorld, Word>.AnyBit, deadline, 0);
        if (status != WaitStatus.Done)
        {
            Require(status is WaitStatus.ValueChanged or WaitStatus.Interrupted, $"cannot be {status}");
            return;
        }

        Require(RunUntilThread(0, LetTimePass) == _waiter, "another thread");
        _result = (long)_waiter->Registers.Rax;
    }

    /// <summary>The timer interrupt of processor 0, if its timer is armed.</summary>
    private bool LetTimePass()
    {
        if (Scheduler->NextTimerDeadline(0) > AfterDeadline) return false;
        _expired += _futexes->Expire(0, AfterDeadline);
        return true;
    }

    private void Wake()
    {
        TMemory.StoreRelease(ref *_word, 1);
        _woken += _futexes->Wake((ulong)_word, 1, FutexTable<TMemory, TWorld, Word>.AnyBit);
    }

    private void Signal()
    {
        TMemory.Add(ref _waiter->PendingSignals, 1);
        if (_futexes->CancelWait(_waiter, WaitResult.Interrupted)) _canceled++;
    }

    private readonly struct Word : IUserWord
    {
        public static bool TryRead(ulong address, out uint value)
        {
            value = (uint)TMemory.LoadAcquire(ref *(int*)address);
            return true;
        }
    }
}
