using System.Globalization;

namespace Troupe.Tools.Verification;

/// <summary>What one way of looking for a mutant came to: Coyote, the explorer, or real threads.</summary>
/// <param name="Found">Whether a test failed.</param>
/// <param name="Schedules">Schedules, or runs on real threads, of the test that failed; of all if none did.</param>
/// <param name="Time">How long they took.</param>
/// <param name="Test">The test that failed, as the records of searches name it.</param>
public sealed record MutantSearch(bool Found, long Schedules, TimeSpan Time, string Test)
{
    /// <summary>For the result file.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Found ? "found" : "held")} {Schedules} {Time.TotalSeconds:0.00} {Test}");

    /// <summary>For a table.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{(Found ? string.Empty : "no: ")}{Schedules}, {Time.TotalSeconds:0.0} s");

    /// <summary>Reads what <see cref="ToString"/> wrote; null: "-", this way was not tried.</summary>
    public static MutantSearch? Parse(string text) =>
        text.Split(' ', 4) is [var verdict, var schedules, var seconds, var test] && long.TryParse(schedules, CultureInfo.InvariantCulture, out var count)
            && double.TryParse(seconds, CultureInfo.InvariantCulture, out var time)
            ? new MutantSearch(verdict == "found", count, TimeSpan.FromSeconds(time), test)
            : null;
}
