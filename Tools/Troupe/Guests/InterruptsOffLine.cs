using System.Globalization;
using System.Text.RegularExpressions;

namespace Troupe.Tools.Guests;

/// <summary>A line of the self-test's report (Apps/SelfTest/Report.cs): the longest time that one cause kept interrupts off.</summary>
/// <param name="Ticks">Of the time-stamp counter; instructions, where a guest's time counts them.</param>
/// <param name="Cause">The system call or the interrupt.</param>
public sealed partial record InterruptsOffLine(long Ticks, string Cause)
{
    /// <summary>Reads the line; null: it is another.</summary>
    public static InterruptsOffLine? TryParse(string line)
    {
        var match = Pattern().Match(line);
        return match.Success ? new InterruptsOffLine(long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Value) : null;
    }

    [GeneratedRegex(@"^interrupts off at most (\d+) ticks, [\d.]+ us, in (.+)$")]
    private static partial Regex Pattern();
}
