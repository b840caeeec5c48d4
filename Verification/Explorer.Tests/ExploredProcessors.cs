using Troupe.Core.Machine;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// The platform seam of the model: a thread of the scenario is a processor. An interrupt is a word per processor and
/// reason that is set past the sender's store buffer, as the x2APIC sends it, so what the sender stored before need not
/// be visible when it arrives. (The kernel's own <c>Interrupt</c> fences first; variants below leave that out.)
/// </summary>
internal readonly struct ExploredProcessors : IProcessors
{
    private static int _count;
    private static int[] _pending = [];

    public static int Current => Explored.ThreadIndex;

    public static int Count => _count;

    public static long Now => 0;

    /// <summary>Called by every scenario's builder.</summary>
    public static void Reset(int count)
    {
        _count = count;
        _pending = new int[count * 2];
    }

    public static void Pause() => Explored.Pause();

    public static void Interrupt(int processor, ProcessorInterrupt reason)
    {
        ExplorerMemory.FullFence();
        Explored.Signal(ref Pending(processor, reason), 1);
    }

    /// <summary>Whether an interrupt waits, and takes it.</summary>
    public static bool Take(ProcessorInterrupt reason)
    {
        ref var pending = ref Pending(Current, reason);
        return ExplorerMemory.LoadAcquire(ref pending) != 0 && ExplorerMemory.Exchange(ref pending, 0) != 0;
    }

    /// <summary>Halts (<c>sti; hlt</c>) until an interrupt waits.</summary>
    public static void Halt()
    {
        var pending = _pending;
        var (first, second) = (Current * 2, (Current * 2) + 1);
        Explored.WaitUntil(() => ExplorerMemory.LoadAcquire(ref pending[first]) != 0 || ExplorerMemory.LoadAcquire(ref pending[second]) != 0);
    }

    public static ref int Pending(int processor, ProcessorInterrupt reason) => ref _pending[(processor * 2) + (int)reason];
}
