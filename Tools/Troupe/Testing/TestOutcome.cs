namespace Troupe.Tools.Testing;

/// <summary>How one test ended.</summary>
public enum TestState
{
    /// <summary>It held.</summary>
    Passed,

    /// <summary>It did not.</summary>
    Failed,

    /// <summary>It was not run.</summary>
    Skipped,
}

/// <summary>One test and how it ended.</summary>
/// <param name="Name">The full name.</param>
/// <param name="State">How it ended.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Message">What it said, if it failed or was skipped.</param>
public sealed record TestOutcome(string Name, TestState State, TimeSpan Duration, string Message);

/// <summary>A set of tests that ran together.</summary>
/// <param name="Suite">What they are called in the table.</param>
/// <param name="Outcomes">Every test.</param>
/// <param name="Elapsed">The time of all, starting included.</param>
public sealed record SuiteOutcome(string Suite, IReadOnlyList<TestOutcome> Outcomes, TimeSpan Elapsed)
{
    /// <summary>The number of tests that ended so.</summary>
    public int Count(TestState state) => Outcomes.Count(outcome => outcome.State == state);
}
