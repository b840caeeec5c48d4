using System.Runtime.CompilerServices;

namespace Troupe.Verification.Explorer;

/// <summary>What code under exploration, or the seam it is given, may ask of the exploration.</summary>
public static class Explored
{
    /// <summary>Index of the calling thread in the scenario, in the order of <see cref="Scenario.Thread"/>; -1 outside one.</summary>
    public static int ThreadIndex => ExploredThread.Current?.Index ?? -1;

    /// <summary>
    /// Blocks until <paramref name="condition"/> holds: sleep, halt, park. The condition reads shared memory through
    /// <see cref="ExplorerMemory"/> only, and writes nothing. If nobody ever makes it true the schedule fails as a deadlock.
    /// </summary>
    public static void WaitUntil(Func<bool> condition) => Thread().Wait(condition);

    /// <summary>
    /// A turn of an endless spin loop: blocks until a location that this thread has accessed since its last pause holds
    /// another value, because until then another turn of the loop sees the same. For loops that count their turns it is wrong.
    /// </summary>
    public static void Pause() => Thread().Pause();

    /// <summary>
    /// Something that may go either way: a timeout, a spurious wake-up, an interrupt. Every alternative is explored.
    /// </summary>
    /// <returns>A number from 0 to <paramref name="alternatives"/> - 1.</returns>
    public static int Choose(int alternatives) => Thread().Choose(alternatives);

    /// <summary>
    /// Writes past the store buffer, as an interrupt sent through the x2APIC's registers goes out: earlier stores of this
    /// thread may still be invisible when it arrives (SDM vol. 3, 11.12.3: WRMSR to the ICR is not serializing).
    /// </summary>
    public static unsafe void Signal(ref int location, int value) =>
        Thread().Signal((nint)Unsafe.AsPointer(ref location), Value.Of(value));

    private static ExploredThread Thread() =>
        ExploredThread.Current ?? throw new InvalidOperationException("only a thread of a scenario can do this");
}
