using Troupe.Core.Memory;

namespace Troupe.Verification.Explorer.Tests;

/// <summary>A planted bug: loads acquire nothing, which x86 forgives and a processor that reorders loads does not.</summary>
internal readonly struct UnorderedLoads : IMemory
{
    public static int LoadAcquire(ref int location) => ExplorerMemory.LoadRelaxed(ref location);

    public static long LoadAcquire(ref long location) => ExplorerMemory.LoadRelaxed(ref location);

    public static T? LoadAcquire<T>(ref T? location)
        where T : class => ExplorerMemory.LoadAcquire(ref location);

    public static int Exchange(ref int location, int value) => ExplorerMemory.Exchange(ref location, value);

    public static long Exchange(ref long location, long value) => ExplorerMemory.Exchange(ref location, value);

    public static T? Exchange<T>(ref T? location, T? value)
        where T : class => ExplorerMemory.Exchange(ref location, value);

    public static void StoreRelease(ref int location, int value) => ExplorerMemory.StoreRelease(ref location, value);

    public static int CompareExchange(ref int location, int value, int comparand) => ExplorerMemory.CompareExchange(ref location, value, comparand);

    public static int Add(ref int location, int value) => ExplorerMemory.Add(ref location, value);

    public static void StoreRelease(ref long location, long value) => ExplorerMemory.StoreRelease(ref location, value);

    public static long CompareExchange(ref long location, long value, long comparand) => ExplorerMemory.CompareExchange(ref location, value, comparand);

    public static long Add(ref long location, long value) => ExplorerMemory.Add(ref location, value);

    public static void StoreRelease<T>(ref T? location, T? value)
        where T : class => ExplorerMemory.StoreRelease(ref location, value);

    public static T? CompareExchange<T>(ref T? location, T? value, T? comparand)
        where T : class => ExplorerMemory.CompareExchange(ref location, value, comparand);

    public static void FullFence() => ExplorerMemory.FullFence();
}
