using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using ThreadState = Troupe.Smp.Kernel.ThreadState;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Two threads wait on processor 0 while processors 0 and 1 look for something to run, and processor 2, if there is one, makes a
/// third ready: each thread runs on one processor, once.
/// </summary>
internal sealed unsafe class RunQueueProtocol<TMemory, TWorld> : SchedulerProtocol<TMemory, TWorld>
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly KernelThread*[] _threads;
    private readonly int[] _runs;
    private readonly bool _waker;

    public RunQueueProtocol(bool waker)
        : base(3)
    {
        _waker = waker;
        _threads = new KernelThread*[waker ? 3 : 2];
        _runs = new int[_threads.Length];
        for (var i = 0; i < _threads.Length; i++) _threads[i] = NewThread(0, ulong.MaxValue);
        for (var i = 0; i < 2; i++)
        {
            _threads[i]->State = (int)ThreadState.Ready;
            Scheduler->Processor(0)->Queue.Enqueue(_threads[i], (int)Band.Normal, 0);
        }

        Start(0, null);
        Start(1, null);
        Start(2, NewThread(2, ulong.MaxValue));
    }

    public override Action[] Processors => _waker
        ? [() => Pick(0), () => Pick(1), () => Scheduler->MakeReady(_threads[2])]
        : [() => Pick(0), () => Pick(1)];

    public override void Check()
    {
        var waiting = 0;
        for (var processor = 0; processor < 3; processor++) waiting += Scheduler->Processor(processor)->Queue.Length;
        Require(_runs.Sum() + waiting == _threads.Length, "a thread is lost or doubled");
        foreach (var runs in _runs) Require(runs <= 1, "a thread runs on two processors");
    }

    private void Pick(int processor)
    {
        var next = Scheduler->PickNext(processor, TWorld.Now);
        for (var i = 0; i < _threads.Length; i++)
        {
            if (_threads[i] != next) continue;
            Require(Interlocked.Increment(ref _runs[i]) == 1, "a thread runs on two processors");
        }
    }
}
