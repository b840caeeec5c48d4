using System.Globalization;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Testing;

/// <summary>What a run of the tests looks like at its end.</summary>
public static class TestReport
{
    private const int LongestMessage = 60;
    private const int SlowTests = 5;

    /// <summary>Prints failures, skips, the table, the slowest tests and, on the last line, the count.</summary>
    /// <returns>The exit code.</returns>
    public static int Print(IReadOnlyList<SuiteOutcome> suites)
    {
        foreach (var outcome in suites.SelectMany(suite => suite.Outcomes).Where(outcome => outcome.State != TestState.Passed))
        {
            Console.WriteLine($"{(outcome.State == TestState.Failed ? "FAILED" : "skipped")} {outcome.Name} ({Seconds(outcome.Duration)})");
            var lines = outcome.Message.TrimEnd().Split('\n');
            foreach (var line in lines.Length <= LongestMessage ? lines : [.. lines[..(LongestMessage / 2)], "...", .. lines[^(LongestMessage / 2)..]])
            {
                Console.WriteLine("    " + line.TrimEnd());
            }

            Console.WriteLine();
        }

        var slow = suites.SelectMany(suite => suite.Outcomes).OrderByDescending(outcome => outcome.Duration).Take(SlowTests);
        Output.Table(["slowest tests", "time"], slow.Select(outcome => (IReadOnlyList<string>)[outcome.Name, Seconds(outcome.Duration)]));
        Console.WriteLine();
        Output.Table(
            ["suite", "passed", "failed", "skipped", "time"],
            suites.Select(suite => (IReadOnlyList<string>)
            [
                suite.Suite, Number(suite.Count(TestState.Passed)), Number(suite.Count(TestState.Failed)), Number(suite.Count(TestState.Skipped)), Seconds(suite.Elapsed),
            ]));
        Console.WriteLine();
        Console.WriteLine(Summary(suites));
        return suites.Sum(suite => suite.Count(TestState.Failed)) == 0 && suites.Sum(suite => suite.Count(TestState.Passed)) > 0
            ? ExitCodes.Success
            : ExitCodes.Failure;
    }

    /// <summary>The last line, which continuous integration reads.</summary>
    public static string Summary(IReadOnlyList<SuiteOutcome> suites)
    {
        int Sum(TestState state) => suites.Sum(suite => suite.Count(state));
        var line = string.Create(CultureInfo.InvariantCulture, $"{Sum(TestState.Passed)} passed, {Sum(TestState.Failed)} failed");
        return Sum(TestState.Skipped) > 0 ? string.Create(CultureInfo.InvariantCulture, $"{line}, {Sum(TestState.Skipped)} skipped") : line;
    }

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
