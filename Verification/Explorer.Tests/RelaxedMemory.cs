using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>
/// Planted bugs: exchanges of chosen locations are a load and a release store (as somebody who does not know about store buffers
/// writes them), and full fences may be left out.
/// </summary>
internal readonly unsafe struct RelaxedMemory : IMemory
{
    private static readonly HashSet<nint> Locations = [];
    private static bool _fences = true;

    /// <summary>Everything as it should be, but for one location.</summary>
    public static void RelaxExchangesOf(ref int location)
    {
        _fences = true;
        Locations.Clear();
        Locations.Add((nint)Unsafe.AsPointer(ref location));
    }

    /// <summary>Everything as it should be, but for the fences.</summary>
    public static void LeaveOutFences()
    {
        _fences = false;
        Locations.Clear();
    }

    public static int Exchange(ref int location, int value)
    {
        if (!Locations.Contains((nint)Unsafe.AsPointer(ref location))) return ExplorerMemory.Exchange(ref location, value);
        var before = ExplorerMemory.LoadAcquire(ref location);
        ExplorerMemory.StoreRelease(ref location, value);
        return before;
    }

    public static long Exchange(ref long location, long value) => ExplorerMemory.Exchange(ref location, value);

    public static T? Exchange<T>(ref T? location, T? value)
        where T : class => ExplorerMemory.Exchange(ref location, value);

    public static int LoadAcquire(ref int location) => ExplorerMemory.LoadAcquire(ref location);

    public static void StoreRelease(ref int location, int value) => ExplorerMemory.StoreRelease(ref location, value);

    public static int CompareExchange(ref int location, int value, int comparand) => ExplorerMemory.CompareExchange(ref location, value, comparand);

    public static int Add(ref int location, int value) => ExplorerMemory.Add(ref location, value);

    public static long LoadAcquire(ref long location) => ExplorerMemory.LoadAcquire(ref location);

    public static void StoreRelease(ref long location, long value) => ExplorerMemory.StoreRelease(ref location, value);

    public static long CompareExchange(ref long location, long value, long comparand) => ExplorerMemory.CompareExchange(ref location, value, comparand);

    public static long Add(ref long location, long value) => ExplorerMemory.Add(ref location, value);

    public static T? LoadAcquire<T>(ref T? location)
        where T : class => ExplorerMemory.LoadAcquire(ref location);

    public static void StoreRelease<T>(ref T? location, T? value)
        where T : class => ExplorerMemory.StoreRelease(ref location, value);

    public static T? CompareExchange<T>(ref T? location, T? value, T? comparand)
        where T : class => ExplorerMemory.CompareExchange(ref location, value, comparand);

    public static void FullFence()
    {
        if (_fences) ExplorerMemory.FullFence();
    }
}
