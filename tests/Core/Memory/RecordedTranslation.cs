using Troupe.Core.Machine.Memory;

namespace Troupe.Core.Tests.Memory;

/// <summary>Writes down what a processor was told to forget.</summary>
public struct RecordedTranslation : ITranslation
{
    [ThreadStatic] private static List<ulong>? _pages;

    [ThreadStatic] private static int _flushes;

    public static List<ulong> Pages => _pages ??= [];

    public static int Flushes
    {
        get => _flushes;
        set => _flushes = value;
    }

    public static void InvalidatePage(ulong virtualAddress) => Pages.Add(virtualAddress);

    public static void FlushAll() => _flushes++;
}
