using System.Reflection;
using System.Text.RegularExpressions;

namespace Troupe.Net.Tests;

/// <summary>The table of docs/tcp.md: complete, and its tests exist.</summary>
public sealed partial class TcpDocumentTests
{
    private const int Musts = 69;
    private const int Shoulds = 31;

    private static string Page { get; } = Read();

    // RFC 9293 appendix B.
    [Fact]
    public void EachRequirementStandsThereOnce()
    {
        string[] labels = [.. Row().Matches(Page).Select(match => match.Groups["label"].Value)];
        Assert.Equal(labels.Length, labels.Distinct().Count());
        Assert.Empty(Enumerable.Range(1, Musts).Select(number => $"MUST-{number}").Concat(Enumerable.Range(1, Shoulds).Select(number => $"SHLD-{number}")).Except(labels));
    }

    [Fact]
    public void EachTestNamedExists()
    {
        string[] named = [.. Row().Matches(Page).Select(match => match.Groups["test"].Value).Where(test => test.Length > 0).Distinct()];
        Assert.NotEmpty(named);
        Assert.All(named, test => Assert.True(Exists(test), $"There is no test {test}."));
    }

    // What is said to be done has a test, but for what can have none.
    [Fact]
    public void WhatIsDoneIsShown()
    {
        string[] unproved = [.. Row().Matches(Page)
            .Where(match => match.Groups["here"].Value.StartsWith("yes", StringComparison.Ordinal) && match.Groups["test"].Value.Length == 0)
            .Select(match => match.Groups["label"].Value)];
        // It cannot be sent; nobody need look; IP passes none on.
        Assert.Equal(["SHLD-13", "MUST-55", "SHLD-20"], unproved);
    }

    private static bool Exists(string test)
    {
        string[] parts = test.Split('.');
        Type? type = typeof(TcpDocumentTests).Assembly.GetType($"Troupe.Net.Tests.{parts[0]}");
        MethodInfo[] methods = type?.GetMethods() ?? [];
        return methods.Any(method => (parts.Length == 1 || method.Name == parts[1]) && method.GetCustomAttributes<FactAttribute>().Any());
    }

    private static string Read()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Actors.sln")))
            root = Path.GetDirectoryName(root)!;
        return File.ReadAllText(Path.Combine(root, "docs", "tcp.md"));
    }

    [GeneratedRegex(@"^\| (?<label>(MUST|SHLD|MAY)-\d+) \| [^|]+ \| (?<here>[^|]+) \| (`(?<test>[^`]+)`)? ?\|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
