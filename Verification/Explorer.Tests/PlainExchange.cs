using Troupe.Core.Memory;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>A planted bug: exchanges are a load and a release store, neither atomic nor a fence.</summary>
internal readonly struct PlainExchange : IMemory
{
    public static int Exchange(ref int location, int value)
    {
        var before = ExplorerMemory.LoadAcquire(ref location);
        ExplorerMemory.StoreRelease(ref location, value);
        return before;
    }

    public static long Exchange(ref long location, long value)
    {
        var before = ExplorerMemory.LoadAcquire(ref location);
        ExplorerMemory.StoreRelease(ref location, value);
        return before;
    }

    public static T? Exchange<T>(ref T? location, T? value)
        where T : class
    {
        var before = ExplorerMemory.LoadAcquire(ref location);
        ExplorerMemory.StoreRelease(ref location, value);
        return before;
    }

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

    public static void FullFence() => ExplorerMemory.FullFence();
}
