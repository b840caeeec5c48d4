namespace Troupe.Verification.Atomics;

/// <summary>An atomic operation in the code.</summary>
/// <param name="Number">Its number in this build.</param>
/// <param name="Assembly">The assembly it is in.</param>
/// <param name="Key">Type, method, operation and which one of these in the method: what stays the same when lines move.</param>
/// <param name="Operation">CompareExchange, LoadAcquire, Monitor.Enter, ...</param>
/// <param name="Location">The field it is about, as far as the code shows it.</param>
/// <param name="Line">FILE:LINE, if symbols are there.</param>
public sealed record AtomicSite(int Number, string Assembly, string Key, string Operation, string Location, string Line)
{
    /// <summary>The operation of a plain load.</summary>
    public const string ReadsField = "reads";

    /// <summary>The operation of a plain store.</summary>
    public const string WritesField = "writes";

    /// <summary>Whether it changes what it is about.</summary>
    public bool Writes => !Operation.StartsWith("Load", StringComparison.Ordinal) && !Operation.StartsWith("Read", StringComparison.Ordinal)
        && Operation is not ("FullFence" or "MemoryBarrier" or ReadsField);

    /// <summary>Whether it is one: locks and plain fields are for readers only.</summary>
    public bool IsAtomic => !IsLock && !IsField;

    /// <summary>Whether it is a lock's.</summary>
    public bool IsLock => Operation.StartsWith("Monitor.", StringComparison.Ordinal);

    /// <summary>Whether it is a plain access to a field.</summary>
    public bool IsField => Operation is ReadsField or WritesField;

    /// <summary>Reads the list that the instrumentation left, a line each.</summary>
    public static IReadOnlyList<AtomicSite> Read(string file) =>
        [.. File.ReadAllLines(file).Select(line => line.Split('\t')).Select(parts => new AtomicSite(int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts[1], parts[2], parts[3], parts[4], parts[5]))];

    /// <inheritdoc/>
    public override string ToString() => string.Join('\t', Number, Assembly, Key, Operation, Location, Line);
}
