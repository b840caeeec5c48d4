using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using Troupe.Smp.Kernel.Waiting;

namespace Troupe.Verification.Protocols;

/// <summary>
/// A thread waits with a deadline. It comes on processor 0, while on processor 1 another thread wakes the waiter, which waits again, without a deadline. The first
/// wait's deadline must not end the second.
/// </summary>
internal sealed unsafe class FutexAgainProtocol<TMemory, TWorld> : SchedulerProtocol<TMemory, TWorld>
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const long Deadline = 5, AfterDeadline = 6;
    private const ulong SecondProcessor = 2;

    private readonly FutexTable<TMemory, TWorld, Word>* _futexes;
    private readonly KernelThread* _waiter;
    private readonly int* _word;
    private int _expired;
    private int _woken;

    public FutexAgainProtocol()
        : base(2)
    {
        _futexes = (FutexTable<TMemory, TWorld, Word>*)Allocate(sizeof(FutexTable<TMemory, TWorld, Word>));
        _futexes->Initialize(Allocate(FutexTable<TMemory, TWorld, Word>.MemoryRequired), Scheduler);
        _word = (int*)Allocate(sizeof(int));
        _waiter = NewThread(0, SecondProcessor);
        Start(0, _waiter);
        Start(1, null);
        Require(_futexes->Wait(0, (ulong)_word, 0, FutexTable<TMemory, TWorld, Word>.AnyBit, Deadline, 0) == WaitStatus.Done, "the first wait begins");
    }

    public override Action[] Processors => [Expire, WakeAndWaitAgain];

    public override string Outcome() => $"{_expired} {_woken}";

    public override void Check()
    {
        Require(_expired + Math.Min(_woken, 1) == 1, "the first wait ends once");
        Require(_futexes->WaitersNear((ulong)_word) == 0, "still in the bucket");
        Require(_waiter->TimerProcessor == -1, "still on the clock");
    }

    private void Expire() => _expired = _futexes->Expire(0, AfterDeadline);

    private void WakeAndWaitAgain()
    {
        _woken = Wake();
        if (_woken == 0) return;
        Require(RunUntilThread(1) == _waiter, "another thread");
        Require(_futexes->Wait(1, (ulong)_word, 0, FutexTable<TMemory, TWorld, Word>.AnyBit, long.MaxValue, 0) == WaitStatus.Done, "the second wait begins");
        _woken += Wake();
        Require(_woken == 2, "the deadline of one wait ended another");
    }

    private int Wake() => _futexes->Wake((ulong)_word, 1, FutexTable<TMemory, TWorld, Word>.AnyBit);

    private readonly struct Word : IUserWord
    {
        public static bool TryRead(ulong address, out uint value)
        {
            value = (uint)TMemory.LoadAcquire(ref *(int*)address);
            return true;
        }
    }
}
