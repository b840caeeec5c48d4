using System.Globalization;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Verification;

/// <summary>An atomic operation in code under test, in all builds of it.</summary>
/// <param name="Key">Type, method, operation and which one of these in the method.</param>
/// <param name="Line">FILE:LINE.</param>
/// <param name="IsReached">Whether an explored schedule did it.</param>
/// <param name="Reason">Why it is not reached, if that is listed.</param>
public sealed record AtomicOperationCoverage(string Key, string Line, bool IsReached, string? Reason);

/// <summary>
/// Which atomic operations of the code under test explored schedules reached: every one must be, or stand in Verification/unreached.txt with the reason.
/// </summary>
/// <param name="Operations">All of them.</param>
/// <param name="Unused">Lines of the list that name nothing.</param>
public sealed record AtomicCoverage(IReadOnlyList<AtomicOperationCoverage> Operations, IReadOnlyList<string> Unused)
{
    private static readonly string[] _tests = ["Troupe.Verification.", "Troupe.Core.Memory.ProcessorMemory."];

    /// <summary>Operations that nothing reached and nobody listed.</summary>
    public IReadOnlyList<AtomicOperationCoverage> Missing => [.. Operations.Where(operation => operation is { IsReached: false, Reason: null })];

    /// <summary>Reads what instrumentation listed and what tests reached.</summary>
    /// <param name="lists">By test project, the list of its build: number, assembly, key, operation, location, line.</param>
    /// <param name="hits">By test project, the numbers reached.</param>
    /// <param name="unreached">The list: a key or, with a star at its end, the beginning of keys; two spaces; the reason.</param>
    public static AtomicCoverage Read(IReadOnlyDictionary<string, IEnumerable<string>> lists, IReadOnlyDictionary<string, IEnumerable<string>> hits, IEnumerable<string> unreached)
    {
        Dictionary<string, AtomicOperationCoverage> operations = new(StringComparer.Ordinal);
        foreach (var (project, list) in lists)
        {
            var reached = hits.TryGetValue(project, out var numbers) ? numbers.ToHashSet(StringComparer.Ordinal) : [];
            foreach (var line in list)
            {
                if (line.Split('\t') is not [var number, _, var key, var operation, _, var place] || operation.StartsWith("Monitor.", StringComparison.Ordinal) || _tests.Any(key.StartsWith))
                {
                    continue;
                }

                var before = operations.GetValueOrDefault(key);
                operations[key] = new AtomicOperationCoverage(key, place.Length > 0 ? place : before?.Line ?? string.Empty, reached.Contains(number) || before is { IsReached: true }, null);
            }
        }

        List<string> unused = [];
        foreach (var line in unreached.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.Split("  ", 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is not [var key, var reason])
            {
                throw new FormatException($"Verification/unreached.txt: '{line}' has no reason: a key, two spaces and the reason make a line.");
            }

            var meant = operations.Values.Where(operation => key[^1] == '*' ? operation.Key.StartsWith(key[..^1], StringComparison.Ordinal) : operation.Key == key).ToList();
            if (meant.Count == 0)
            {
                unused.Add(key);
            }

            foreach (var operation in meant.Where(operation => !operation.IsReached))
            {
                operations[operation.Key] = operation with { Reason = reason };
            }
        }

        return new AtomicCoverage([.. operations.Values.OrderBy(operation => operation.Key, StringComparer.Ordinal)], unused);
    }

    /// <summary>Reads it for test projects that have run with this folder for their records.</summary>
    public static AtomicCoverage Read(string root, string records, IEnumerable<string> assemblies)
    {
        Dictionary<string, IEnumerable<string>> lists = [];
        Dictionary<string, IEnumerable<string>> hits = [];
        foreach (var assembly in assemblies)
        {
            var name = Path.GetFileNameWithoutExtension(assembly);
            var list = Path.Combine(Path.GetDirectoryName(assembly)!, "atomic-operations.txt");
            var reached = Path.Combine(records, name + ".hits");
            if (File.Exists(list))
            {
                lists[name] = File.ReadAllLines(list);
                hits[name] = File.Exists(reached) ? File.ReadAllLines(reached) : [];
            }
        }

        return Read(lists, hits, File.ReadAllLines(Path.Combine(root, "Verification", "unreached.txt")));
    }

    /// <summary>The check of a whole test run.</summary>
    /// <exception cref="UserError">An operation is neither reached nor listed.</exception>
    public void MustBeComplete()
    {
        if (Missing.Count > 0)
        {
            throw new UserError(
                $"no explored schedule reaches these atomic operations:\n  {string.Join("\n  ", Missing.Select(operation => $"{operation.Key}  ({operation.Line})"))}\n"
                + "Each needs a test under Verification, or a line in Verification/unreached.txt with the reason.", exitCode: ExitCodes.Failure);
        }

        if (Unused.Count > 0)
        {
            throw new UserError($"Verification/unreached.txt lists what is not there:\n  {string.Join("\n  ", Unused)}", exitCode: ExitCodes.Failure);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Operations.Count(operation => operation.IsReached)} of {Operations.Count} atomic operations reached, {Operations.Count(operation => operation.Reason is not null)} listed with a reason, {Missing.Count} missing");
}
