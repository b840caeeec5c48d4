namespace Troupe.Tools.Testing.Clients;

/// <summary>What a case came to.</summary>
/// <param name="Name">The case.</param>
/// <param name="Answer">What the machine under test answered.</param>
/// <param name="Expected">What it had to answer.</param>
public sealed record CaseResult(string Name, string? Answer, string? Expected)
{
    private const string Failure = "FAILED";

    /// <summary>A case that fails fails, even if it does so everywhere in the same way.</summary>
    public bool Passed => Answer is not null && Answer == Expected && !Answer.StartsWith(Failure, StringComparison.Ordinal);
}

/// <summary>The lines <c>case NAME: ANSWER</c> of Apps/ClientTest.</summary>
public static class CaseLines
{
    private const string Prefix = "case ";

    /// <summary>The cases in what a program printed, in its order.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(IEnumerable<string> lines) =>
    [
        .. lines.Where(line => line.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(line => line[Prefix.Length..].TrimEnd('\r').Split(": ", 2))
            .Where(parts => parts.Length == 2)
            .Select(parts => KeyValuePair.Create(parts[0], parts[1])),
    ];

    /// <summary>Each case of the reference or of the machine under test, once. A case that one of them lacks has failed.</summary>
    public static IReadOnlyList<CaseResult> Compare(IReadOnlyList<KeyValuePair<string, string>> reference, IReadOnlyList<KeyValuePair<string, string>> tested)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var expected = reference.ToDictionary(line => line.Key, line => line.Value);
        var answers = tested.ToDictionary(line => line.Key, line => line.Value);
        return [.. expected.Keys.Union(answers.Keys).Select(name => new CaseResult(name, answers.GetValueOrDefault(name), expected.GetValueOrDefault(name)))];
    }
}
