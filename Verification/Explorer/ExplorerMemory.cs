using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Verification.Explorer;

/// <summary>
/// The memory seam of the model: every access of a scenario's thread is a step of the schedule. Outside a scenario's
/// threads (building one, checking its end) accesses are plain.
/// </summary>
public readonly unsafe struct ExplorerMemory : IMemory
{
    /// <inheritdoc/>
    public static int LoadAcquire(ref int location) =>
        ExploredThread.Current is { } thread ? (int)thread.Load(Address(ref location), Width.Int32).Bits : location;

    /// <inheritdoc/>
    public static void StoreRelease(ref int location, int value)
    {
        if (ExploredThread.Current is { } thread) thread.Store(Address(ref location), Value.Of(value));
        else location = value;
    }

    /// <summary>Reads without ordering, as an ordinary access does on a processor that reorders; under x86-TSO the same as <see cref="LoadAcquire(ref int)"/>.</summary>
    public static int LoadRelaxed(ref int location) =>
        ExploredThread.Current is { } thread ? (int)thread.Load(Address(ref location), Width.Int32, acquires: false).Bits : location;

    /// <summary>Writes without ordering; under x86-TSO the same as <see cref="StoreRelease(ref int, int)"/>.</summary>
    public static void StoreRelaxed(ref int location, int value)
    {
        if (ExploredThread.Current is { } thread) thread.Store(Address(ref location), Value.Of(value), releases: false);
        else location = value;
    }

    /// <inheritdoc cref="LoadRelaxed(ref int)"/>
    public static long LoadRelaxed(ref long location) =>
        ExploredThread.Current is { } thread ? thread.Load(Address(ref location), Width.Int64, acquires: false).Bits : location;

    /// <inheritdoc cref="StoreRelaxed(ref int, int)"/>
    public static void StoreRelaxed(ref long location, long value)
    {
        if (ExploredThread.Current is { } thread) thread.Store(Address(ref location), Value.Of(value), releases: false);
        else location = value;
    }

    /// <inheritdoc/>
    public static int Exchange(ref int location, int value)
    {
        var thread = Begin(ref location);
        var before = location;
        location = value;
        thread?.EndUpdate("exchange", Address(ref location), Value.Of(before), Value.Of(value));
        return before;
    }

    /// <inheritdoc/>
    public static int CompareExchange(ref int location, int value, int comparand)
    {
        var thread = Begin(ref location);
        var before = location;
        if (before == comparand) location = value;
        thread?.EndUpdate("compare-exchange", Address(ref location), Value.Of(before), Value.Of(location));
        return before;
    }

    /// <inheritdoc/>
    public static int Add(ref int location, int value)
    {
        var thread = Begin(ref location);
        var before = location;
        location = before + value;
        thread?.EndUpdate("add", Address(ref location), Value.Of(before), Value.Of(location));
        return location;
    }

    /// <inheritdoc/>
    public static long LoadAcquire(ref long location) =>
        ExploredThread.Current is { } thread ? thread.Load(Address(ref location), Width.Int64).Bits : location;

    /// <inheritdoc/>
    public static void StoreRelease(ref long location, long value)
    {
        if (ExploredThread.Current is { } thread) thread.Store(Address(ref location), Value.Of(value));
        else location = value;
    }

    /// <inheritdoc/>
    public static long Exchange(ref long location, long value)
    {
        var thread = Begin(ref location);
        var before = location;
        location = value;
        thread?.EndUpdate("exchange", Address(ref location), Value.Of(before), Value.Of(value));
        return before;
    }

    /// <inheritdoc/>
    public static long CompareExchange(ref long location, long value, long comparand)
    {
        var thread = Begin(ref location);
        var before = location;
        if (before == comparand) location = value;
        thread?.EndUpdate("compare-exchange", Address(ref location), Value.Of(before), Value.Of(location));
        return before;
    }

    /// <inheritdoc/>
    public static long Add(ref long location, long value)
    {
        var thread = Begin(ref location);
        var before = location;
        location = before + value;
        thread?.EndUpdate("add", Address(ref location), Value.Of(before), Value.Of(location));
        return location;
    }

    /// <inheritdoc/>
    public static T? LoadAcquire<T>(ref T? location)
        where T : class =>
        ExploredThread.Current is { } thread ? (T?)thread.Load(Address(ref location), Width.Reference).Reference : location;

    /// <inheritdoc/>
    public static void StoreRelease<T>(ref T? location, T? value)
        where T : class
    {
        if (ExploredThread.Current is { } thread) thread.Store(Address(ref location), Value.Of(value));
        else location = value;
    }

    /// <inheritdoc/>
    public static T? Exchange<T>(ref T? location, T? value)
        where T : class
    {
        var thread = Begin(ref location);
        var before = location;
        location = value;
        thread?.EndUpdate("exchange", Address(ref location), Value.Of(before), Value.Of(value));
        return before;
    }

    /// <inheritdoc/>
    public static T? CompareExchange<T>(ref T? location, T? value, T? comparand)
        where T : class
    {
        var thread = Begin(ref location);
        var before = location;
        if (ReferenceEquals(before, comparand)) location = value;
        thread?.EndUpdate("compare-exchange", Address(ref location), Value.Of(before), Value.Of(location));
        return before;
    }

    /// <inheritdoc/>
    public static void FullFence() => ExploredThread.Current?.Fence();

    private static ExploredThread? Begin<T>(ref T location)
    {
        var thread = ExploredThread.Current;
        thread?.BeginUpdate(Address(ref location));
        return thread;
    }

    private static nint Address<T>(ref T location) => (nint)Unsafe.AsPointer(ref location);
}
