using System.Security.Cryptography;
using System.Text;

namespace Troupe.Tools.Verification;

/// <summary>Tests that a mutant should not survive.</summary>
/// <param name="Project">The directory of a test project, such as tests/Actors.</param>
/// <param name="Filter">Part of the full names of its tests, or nothing: all.</param>
public sealed record MutantSuite(string Project, string? Filter)
{
    /// <summary>Whether a test, by its full name, is of this project.</summary>
    public bool Holds(string? test) => Namespace(test) == "Troupe." + Project.Replace('/', '.');

    /// <summary>The tests to search first, those that found a mutant before or the body in which another search found it, and then all.</summary>
    /// <param name="known">The full name of the test that killed the mutant before, if any.</param>
    /// <param name="other">What another search found.</param>
    public IEnumerable<MutantSuite> InOrder(string? known, MutantSearch? other)
    {
        if (Holds(known))
        {
            yield return this with { Filter = $".{known!.Split('(')[0].Split('.')[^1]}" };
        }
        else if (other is { Found: true, Test.Length: > 0 })
        {
            yield return this with { Filter = $".{other.Test.Split('-')[0]}" };
        }

        yield return this;
    }

    private static string? Namespace(string? test) => test?.Split('(')[0].Split('.') is { Length: > 2 } names ? string.Join('.', names[..^2]) : null;
}

/// <summary>
/// A planted bug: a unified diff under Verification/Mutants with lines before it that say what it breaks, of which kind it is, where, and which tests
/// should find it.
/// </summary>
/// <param name="Name">The name of the file without its extension.</param>
/// <param name="File">The file.</param>
/// <param name="Breaks">The invariant that no longer holds.</param>
/// <param name="IsConcurrency">Whether it takes more than one thread to see it.</param>
/// <param name="Area">Actors, Smp, Drivers or Net.</param>
/// <param name="Suites">The tests to run, in this order.</param>
/// <param name="Digest">What a result belongs to: a patch whose bug or whose tests are changed is run again. Where the bug stands does not matter.</param>
public sealed record Mutant(string Name, string File, string Breaks, bool IsConcurrency, string Area, IReadOnlyList<MutantSuite> Suites, string Digest)
{
    private static readonly string[] _areas = ["Actors", "Smp", "Drivers", "Net"];

    /// <summary>All of a clone, by name.</summary>
    public static IReadOnlyList<Mutant> All(string root) =>
        [.. Directory.EnumerateFiles(Path.Combine(root, "Verification", "Mutants"), "*.patch").Order(StringComparer.Ordinal).Select(file => Parse(file, System.IO.File.ReadAllText(file)))];

    /// <summary>Reads a patch.</summary>
    /// <exception cref="FormatException">The lines before the diff do not say everything.</exception>
    public static Mutant Parse(string file, string text)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var header = text.Split('\n').TakeWhile(line => !line.StartsWith("--- ", StringComparison.Ordinal)).ToList();
        IEnumerable<string> Values(string key) => header.Where(line => line.StartsWith(key + ": ", StringComparison.Ordinal)).Select(line => line[(key.Length + 2)..].Trim());
        string One(string key) => Values(key).ToList() is [var value] ? value : throw new FormatException($"{name}.patch: one line '{key}: ...' must stand before the diff.");

        var kind = One("Kind");
        var area = One("Area");
        if (kind is not ("concurrency" or "other"))
        {
            throw new FormatException($"{name}.patch: Kind is concurrency or other, not '{kind}'.");
        }

        if (!_areas.Contains(area))
        {
            throw new FormatException($"{name}.patch: Area is one of {string.Join(", ", _areas)}, not '{area}'.");
        }

        var suites = Values("Tests").Select(line => line.Split(' ', 2)).Select(parts => new MutantSuite(parts[0], parts.Length > 1 ? parts[1].Trim() : null)).ToList();
        return suites.Count == 0
            ? throw new FormatException($"{name}.patch: no line 'Tests: PROJECT [FILTER]' stands before the diff.")
            : new Mutant(name, file, One("Breaks"), kind == "concurrency", area, suites, DigestOf(header, text));
    }

    private static string DigestOf(List<string> header, string text)
    {
        var changes = text.Split('\n').Skip(header.Count).Where(line => line.StartsWith('-') || line.StartsWith('+'));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', header.Concat(changes)))))[..12];
    }
}
