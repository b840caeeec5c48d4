using System.Text.RegularExpressions;

namespace Troupe.Architecture.Tests;

/// <summary>
/// Processors and threads communicate without a lock through the memory seam (Core/Memory) only: what goes past it
/// is seen neither by the memory-model explorer nor by a planted bug in the seam.
/// </summary>
public sealed partial class LockFreeAccessTests
{
    private static readonly string[] Folders = ["Actors/", "Core/Machine/", "Smp/Kernel/"];

    /// <summary>Files that may, and why.</summary>
    private static readonly Dictionary<string, string> Allowed = new(StringComparer.Ordinal)
    {
        ["Core/Machine/Platform/KernelPhysicalMemory.cs"] = "device registers and firmware tables, in widths the seam does not have",
        ["Core/Machine/Entropy/RandomGenerator.cs"] = "secrets are wiped by stores that must not be dropped",
        ["Core/Machine/Entropy/EntropySource.cs"] = "secrets are wiped by stores that must not be dropped",
    };

    [Fact]
    public void SharedMemoryIsReachedThroughTheSeam()
    {
        var violations = SourceTree.Files
            .Where(file => file.EndsWith(".cs", StringComparison.Ordinal) && Folders.Any(folder => file.StartsWith(folder, StringComparison.Ordinal)))
            .Where(file => !Allowed.ContainsKey(file))
            .SelectMany(file => Violations(SourceTree.Read(file)).Select(line => $"{file}: {line}"));
        Assert.Empty(violations);
    }

    [Fact]
    public void EveryExceptionIsStillNeeded() =>
        Assert.All(Allowed.Keys, file => Assert.NotEmpty(Violations(SourceTree.Read(file))));

    [Theory]
    [InlineData("Interlocked.Increment(ref _count);", true)]
    [InlineData("if (Volatile.Read(ref _state) == 0)", true)]
    [InlineData("System.Threading.Interlocked.MemoryBarrier();", true)]
    [InlineData("private volatile bool _stopped;", true)]
    [InlineData("struct Queue<TMemory> where TMemory : struct, IMemory { int X => ProcessorMemory.LoadAcquire(ref _x); }", true)]
    [InlineData("TMemory.Exchange(ref _state, 1); // not Interlocked.Exchange: the explorer", false)]
    [InlineData("/// <see cref=\"Interlocked.Exchange\"/>", false)]
    [InlineData("private int _volatileWrites;", false)]
    public void TheRuleSeesPlantedViolations(string line, bool violates) => Assert.Equal(violates, Violations(line).Any());

    private static IEnumerable<string> Violations(string text)
    {
        var generic = text.Contains("where TMemory :", StringComparison.Ordinal);
        return text.Split('\n')
            .Select(line => line.Trim())
            .Where(line => Direct().IsMatch(Comment().Replace(line, "")) || (generic && PastTheParameter().IsMatch(Comment().Replace(line, ""))));
    }

    [GeneratedRegex(@"\b(Interlocked|Volatile)\.\w|\bvolatile\b")]
    private static partial Regex Direct();

    [GeneratedRegex(@"\bProcessorMemory\.\w")]
    private static partial Regex PastTheParameter();

    [GeneratedRegex(@"//.*$")]
    private static partial Regex Comment();
}
