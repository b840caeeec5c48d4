namespace Troupe.Core.Memory;

/// <summary>
/// The memory seam: every access by which two processors (or threads) communicate without a lock.
/// Lock-free code is generic over a <c>struct</c> that implements it, so that one source is compiled to
/// machine instructions (<see cref="ProcessorMemory"/>), rewritten by Coyote, and run by the
/// memory-model explorer, which models store buffers and reordering.
/// </summary>
/// <remarks>
/// Read-modify-write operations are full fences, as on x86 and as the ECMA-335 memory model has it for
/// <see cref="Interlocked"/>. A release store followed by a load is <b>not</b> ordered: a protocol that needs
/// it (going idle, parking) uses <see cref="Exchange(ref int, int)"/> or <see cref="FullFence"/>.
/// </remarks>
public interface IMemory
{
    /// <summary>Reads with acquire ordering.</summary>
    static abstract int LoadAcquire(ref int location);

    /// <summary>Writes with release ordering.</summary>
    static abstract void StoreRelease(ref int location, int value);

    /// <summary>Writes, returning the previous value; full fence.</summary>
    static abstract int Exchange(ref int location, int value);

    /// <summary>Writes <paramref name="value"/> if the location holds <paramref name="comparand"/>; returns what it held; full fence.</summary>
    static abstract int CompareExchange(ref int location, int value, int comparand);

    /// <summary>Adds, returning the new value; full fence.</summary>
    static abstract int Add(ref int location, int value);

    /// <inheritdoc cref="LoadAcquire(ref int)"/>
    static abstract long LoadAcquire(ref long location);

    /// <inheritdoc cref="StoreRelease(ref int, int)"/>
    static abstract void StoreRelease(ref long location, long value);

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    static abstract long Exchange(ref long location, long value);

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    static abstract long CompareExchange(ref long location, long value, long comparand);

    /// <inheritdoc cref="Add(ref int, int)"/>
    static abstract long Add(ref long location, long value);

    /// <inheritdoc cref="LoadAcquire(ref int)"/>
    static abstract T? LoadAcquire<T>(ref T? location) where T : class;

    /// <inheritdoc cref="StoreRelease(ref int, int)"/>
    static abstract void StoreRelease<T>(ref T? location, T? value) where T : class;

    /// <inheritdoc cref="Exchange(ref int, int)"/>
    static abstract T? Exchange<T>(ref T? location, T? value) where T : class;

    /// <inheritdoc cref="CompareExchange(ref int, int, int)"/>
    static abstract T? CompareExchange<T>(ref T? location, T? value, T? comparand) where T : class;

    /// <summary>Orders every earlier access before every later one, store to load included.</summary>
    static abstract void FullFence();
}
