using System.Globalization;

namespace Troupe.Tools.Networks;

/// <summary>What a link did, as <c>troupe impair</c> prints it at its end and <c>troupe test net</c> reads it.</summary>
/// <param name="Counts">What was done to how many frames, a line each.</param>
/// <param name="Silence">The guest's longest silence; null when it sent nothing that was outstanding.</param>
public sealed record LinkReport(IReadOnlyList<string> Counts, Silence? Silence)
{
    private const string Mark = "silence ";

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static LinkReport Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Silence? silence = null;
        if (lines.SingleOrDefault(line => line.StartsWith(Mark, StringComparison.Ordinal)) is { } words)
        {
            var parts = words.Split(' ');
            silence = new Silence(Milliseconds(parts[1]), Milliseconds(parts[^2]));
        }

        return new LinkReport([.. lines.Where(line => !line.StartsWith(Mark, StringComparison.Ordinal))], silence);
    }

    /// <inheritdoc />
    public override string ToString()
    {
        var counts = string.Join('\n', Counts);
        return Silence is { } silence
            ? string.Create(CultureInfo.InvariantCulture, $"{counts}\n{Mark}{silence.Gap.TotalMilliseconds:0} ms where the retransmission timeout was {silence.Timeout.TotalMilliseconds:0} ms")
            : counts;
    }

    private static TimeSpan Milliseconds(string text) => TimeSpan.FromMilliseconds(double.Parse(text, CultureInfo.InvariantCulture));
}
