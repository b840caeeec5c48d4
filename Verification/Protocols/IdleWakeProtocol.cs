using Troupe.Core.Machine;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel;
using ThreadState = Troupe.Smp.Kernel.ThreadState;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Processor 0 has nothing to do and goes idle while processor 1 makes a thread ready for it. However they meet, the thread runs.
/// </summary>
internal sealed unsafe class IdleWakeProtocol<TMemory, TWorld> : SchedulerProtocol<TMemory, TWorld>
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly KernelThread* _woken;
    private readonly bool _dropsEarlyInterrupts;
    private int _ran;

    /// <param name="dropsEarlyInterrupts">
    /// The processor lets interrupts in before it halts, and not with the halt: one that comes between is lost on it.
    /// </param>
    public IdleWakeProtocol(bool dropsEarlyInterrupts = false)
        : base(3)
    {
        _dropsEarlyInterrupts = dropsEarlyInterrupts;
        Start(0, null);
        Start(1, NewThread(1, ulong.MaxValue));
        _woken = NewThread(0, affinity: 1);
    }

    public override Action[] Processors =>
    [
        () =>
        {
            Require(RunUntilThread(0, DropEarlyInterrupts) == _woken, "another thread than the one made ready");
            _ran++;
        },
        () => Scheduler->MakeReady(_woken),
    ];

    /// <summary>The word by which a processor says that it halts.</summary>
    public ref int Mode => ref Scheduler->Processor(0)->Mode;

    private bool DropEarlyInterrupts()
    {
        if (_dropsEarlyInterrupts) TWorld.Take(ProcessorInterrupt.Reschedule);
        return false;
    }

    public override void Check()
    {
        Require(_ran == 1, "ran more than once");
        Require(_woken->State == (int)ThreadState.Running, "not running");
    }
}
