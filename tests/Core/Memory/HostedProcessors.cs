using Troupe.Core.Machine;

namespace Troupe.Core.Tests.Memory;

/// <summary>Threads of the test play processors: each says which one it is.</summary>
public struct HostedProcessors : IProcessors
{
    [ThreadStatic] private static int _current;

    public static unsafe delegate*<int, void> OnPause;
    public static unsafe delegate*<int, ProcessorInterrupt, void> OnInterrupt;

    public static int Current
    {
        get => _current;
        set => _current = value;
    }

    public static int Count { get; set; } = 1;

    public static long Now => Environment.TickCount64 * 1_000_000;

    public static unsafe void Pause()
    {
        if (OnPause != null)
            OnPause(_current);
        Thread.Yield();
    }

    public static unsafe void Interrupt(int processor, ProcessorInterrupt reason)
    {
        if (OnInterrupt != null)
            OnInterrupt(processor, reason);
    }
}
