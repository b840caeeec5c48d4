using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

/// <summary>One processor whose clock a test sets.</summary>
public readonly struct FakeProcessors : IProcessors
{
    [ThreadStatic]
    private static long _now;

    public static int Current => 0;

    public static int Count => 1;

    public static long Now => _now;

    public static void SetNow(long now) => _now = now;

    public static void Pause() => throw new InvalidOperationException("a lock is held twice");

    public static void Interrupt(int processor, ProcessorInterrupt reason) => throw new NotSupportedException();
}
