using Troupe.Core.Memory;

namespace Troupe.Verification.Coyote;

/// <summary>Which operation of the memory seam a planted bug breaks.</summary>
internal interface IDefect
{
    /// <summary>Exchange is a load and a store.</summary>
    static virtual bool TornExchange => false;

    /// <summary>CompareExchange is a load, a comparison and a store.</summary>
    static virtual bool TornCompareExchange => false;

    /// <summary>Add is a load and a store.</summary>
    static virtual bool TornAdd => false;
}

internal readonly struct TornExchange : IDefect
{
    static bool IDefect.TornExchange => true;
}

internal readonly struct TornCompareExchange : IDefect
{
    static bool IDefect.TornCompareExchange => true;
}

internal readonly struct TornAdd : IDefect
{
    static bool IDefect.TornAdd => true;
}

/// <summary>The memory seam with a planted bug.</summary>
internal readonly struct BrokenMemory<TDefect> : IMemory
    where TDefect : struct, IDefect
{
    public static int LoadAcquire(ref int location) => ProcessorMemory.LoadAcquire(ref location);

    public static void StoreRelease(ref int location, int value) => ProcessorMemory.StoreRelease(ref location, value);

    public static int Exchange(ref int location, int value)
    {
        if (!TDefect.TornExchange) return ProcessorMemory.Exchange(ref location, value);
        var before = ProcessorMemory.LoadAcquire(ref location);
        ProcessorMemory.StoreRelease(ref location, value);
        return before;
    }

    public static int CompareExchange(ref int location, int value, int comparand)
    {
        if (!TDefect.TornCompareExchange) return ProcessorMemory.CompareExchange(ref location, value, comparand);
        var before = ProcessorMemory.LoadAcquire(ref location);
        if (before == comparand) ProcessorMemory.StoreRelease(ref location, value);
        return before;
    }

    public static int Add(ref int location, int value)
    {
        if (!TDefect.TornAdd) return ProcessorMemory.Add(ref location, value);
        var after = ProcessorMemory.LoadAcquire(ref location) + value;
        ProcessorMemory.StoreRelease(ref location, after);
        return after;
    }

    public static long LoadAcquire(ref long location) => ProcessorMemory.LoadAcquire(ref location);

    public static void StoreRelease(ref long location, long value) => ProcessorMemory.StoreRelease(ref location, value);

    public static long Exchange(ref long location, long value)
    {
        if (!TDefect.TornExchange) return ProcessorMemory.Exchange(ref location, value);
        var before = ProcessorMemory.LoadAcquire(ref location);
        ProcessorMemory.StoreRelease(ref location, value);
        return before;
    }

    public static long CompareExchange(ref long location, long value, long comparand)
    {
        if (!TDefect.TornCompareExchange) return ProcessorMemory.CompareExchange(ref location, value, comparand);
        var before = ProcessorMemory.LoadAcquire(ref location);
        if (before == comparand) ProcessorMemory.StoreRelease(ref location, value);
        return before;
    }

    public static long Add(ref long location, long value)
    {
        if (!TDefect.TornAdd) return ProcessorMemory.Add(ref location, value);
        var after = ProcessorMemory.LoadAcquire(ref location) + value;
        ProcessorMemory.StoreRelease(ref location, after);
        return after;
    }

    public static T? LoadAcquire<T>(ref T? location)
        where T : class => ProcessorMemory.LoadAcquire(ref location);

    public static void StoreRelease<T>(ref T? location, T? value)
        where T : class => ProcessorMemory.StoreRelease(ref location, value);

    public static T? Exchange<T>(ref T? location, T? value)
        where T : class
    {
        if (!TDefect.TornExchange) return ProcessorMemory.Exchange(ref location, value);
        var before = ProcessorMemory.LoadAcquire(ref location);
        ProcessorMemory.StoreRelease(ref location, value);
        return before;
    }

    public static T? CompareExchange<T>(ref T? location, T? value, T? comparand)
        where T : class
    {
        if (!TDefect.TornCompareExchange) return ProcessorMemory.CompareExchange(ref location, value, comparand);
        var before = ProcessorMemory.LoadAcquire(ref location);
        if (ReferenceEquals(before, comparand)) ProcessorMemory.StoreRelease(ref location, value);
        return before;
    }

    public static void FullFence() => ProcessorMemory.FullFence();
}
