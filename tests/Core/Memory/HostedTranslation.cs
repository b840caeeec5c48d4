using Troupe.Core.Machine.Memory;

namespace Troupe.Core.Tests.Memory;

/// <summary>Each test thread has a translation cache that forgets only what it is told to forget, as a processor has.</summary>
public struct HostedTranslation : ITranslation
{
    [ThreadStatic] private static Dictionary<ulong, (ulong Physical, PageFlags Flags)>? _cache;

    [ThreadStatic] private static int _flushes;

    /// <summary>Called at the moment at which translations are dropped.</summary>
    public static Action? OnInvalidate { get; set; }

    public static Dictionary<ulong, (ulong Physical, PageFlags Flags)> Cache => _cache ??= [];

    public static int Flushes => _flushes;

    public static void InvalidatePage(ulong virtualAddress)
    {
        OnInvalidate?.Invoke();
        Cache.Remove(virtualAddress);
    }

    public static void FlushAll()
    {
        OnInvalidate?.Invoke();
        Cache.Clear();
        _flushes++;
    }
}
