using Troupe.Core.Machine;
using Troupe.Verification.Protocols;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// The platform seam of the model: a thread of the scenario is a processor. An interrupt is a word per processor and
/// reason that is set past the sender's store buffer, as the x2APIC sends it; like the kernel's, the sender fences first.
/// </summary>
internal readonly struct ExploredWorld : IWorld
{
    private static Protocol? _protocol;
    private static int _count;
    private static int[] _pending = [];

    public static int Current => Math.Max(0, Explored.ThreadIndex);

    public static int Count => _count;

    public static long Now => 0;

    public static Protocol Protocol => _protocol!;

    /// <summary>Makes a scenario of a protocol.</summary>
    public static Action<Scenario> Run<TProtocol>(Func<TProtocol> create, Action<Scenario, TProtocol>? name = null)
        where TProtocol : Protocol => scenario =>
        {
            PowerOn(Scenario.MaximumThreads);
            var protocol = create();
            _protocol = protocol;
            var bodies = protocol.Processors;
            _count = Math.Max(bodies.Length, 3);
            for (var i = 0; i < bodies.Length; i++) scenario.Thread($"processor {i}", bodies[i]);
            scenario.Finally(protocol.Check);
            scenario.Outcome(protocol.Outcome);
            name?.Invoke(scenario, protocol);
        };

    /// <summary>Starts a machine without a protocol.</summary>
    public static void PowerOn(int count)
    {
        _protocol?.Free();
        _protocol = null;
        _count = count;
        _pending = new int[count * 2];
    }

    public static void Pause()
    {
        _protocol?.OnPause();
        Explored.Pause();
    }

    public static void Interrupt(int processor, ProcessorInterrupt reason)
    {
        ExplorerMemory.FullFence();
        Explored.Signal(ref Pending(processor, reason), 1);
    }

    public static bool Take(ProcessorInterrupt reason)
    {
        ref var pending = ref Pending(Current, reason);
        return ExplorerMemory.LoadAcquire(ref pending) != 0 && ExplorerMemory.Exchange(ref pending, 0) != 0;
    }

    public static void Halt()
    {
        var pending = _pending;
        var (first, second) = (Current * 2, (Current * 2) + 1);
        Explored.WaitUntil(() => ExplorerMemory.LoadAcquire(ref pending[first]) != 0 || ExplorerMemory.LoadAcquire(ref pending[second]) != 0);
    }

    private static ref int Pending(int processor, ProcessorInterrupt reason) => ref _pending[(processor * 2) + (int)reason];
}
