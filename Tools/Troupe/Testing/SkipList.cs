namespace Troupe.Tools.Testing;

/// <summary>The tests that may be skipped (tests/skips.txt): a line each, the full name, two spaces or a tab, and what is missing.
/// A test that is skipped without standing there counts as failed: nothing falls out of the run unnoticed.</summary>
public sealed class SkipList
{
    private readonly Dictionary<string, string> _reasons = [];

    /// <summary>Reads the lines of the file; # starts a comment.</summary>
    public SkipList(IEnumerable<string> lines)
    {
        foreach (var line in lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var parts = line.Split([' ', '\t'], 2, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 2)
            {
                throw new FormatException($"tests/skips.txt: '{line}' does not say what is missing.");
            }

            _reasons[parts[0]] = parts[1];
        }
    }

    /// <summary>Turns an unexpected skip into a failure.</summary>
    public TestOutcome Judge(TestOutcome outcome) =>
        outcome.State != TestState.Skipped || _reasons.ContainsKey(NameWithoutArguments(outcome.Name))
            ? outcome
            : outcome with { State = TestState.Failed, Message = "skipped, but not listed in tests/skips.txt. " + outcome.Message };

    private static string NameWithoutArguments(string name) => name.Split('(')[0];
}
