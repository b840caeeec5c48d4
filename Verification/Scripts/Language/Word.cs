using System.Globalization;

namespace Troupe.Verification.Scripts;

/// <summary>One word of a line: <c>key</c> or <c>key=value</c>, and where it stands.</summary>
internal sealed record Word(string Key, string? Value, string File, int Line, int Column)
{
    public ScriptException Wrong(string message) => new(File, Line, Column, message);

    /// <summary>The value, which must be there.</summary>
    public string Text => Value ?? throw Wrong($"'{Key}' needs a value, as in {Key}=1.");

    public long Number => long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
        ? number
        : throw Wrong($"'{Text}' is no whole number.");

    public bool IsAny => Value == "any";

    public TimeSpan Duration => TryParseDuration(Text, out TimeSpan duration) ? duration : throw Wrong($"'{Text}' is no time: 0.2s, 40ms and 5min are.");

    public bool Switch => Text switch
    {
        "on" => true,
        "off" => false,
        _ => throw Wrong($"'{Text}' is neither on nor off."),
    };

    public TAddress Address<TAddress>(TryParser<TAddress> parse) => parse(Text, out TAddress address) ? address : throw Wrong($"'{Text}' is no address.");

    /// <summary>Null if a number is what the word says: a number, <c>any</c>, or a range as in <c>1..5</c>; otherwise what it should have been.</summary>
    public string? Mismatch(long actual)
    {
        if (IsAny)
            return null;
        int dots = Text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0)
            return Number == actual ? null : $"{Key}={actual}, not {Text}";
        long low = (this with { Value = Text[..dots] }).Number;
        long high = (this with { Value = Text[(dots + 2)..] }).Number;
        return actual >= low && actual <= high ? null : $"{Key}={actual}, not {Text}";
    }

    public static bool TryParseDuration(string text, out TimeSpan duration)
    {
        duration = default;
        (string unit, double seconds)[] units = [("ms", 0.001), ("us", 0.000_001), ("min", 60), ("h", 3600), ("s", 1)];
        (string Unit, double Seconds) unit = units.FirstOrDefault(unit => text.EndsWith(unit.unit, StringComparison.Ordinal));
        if (unit.Unit is null ||
            !double.TryParse(text[..^unit.Unit.Length], NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double number))
            return false;
        duration = TimeSpan.FromTicks((long)Math.Round(number * unit.Seconds * TimeSpan.TicksPerSecond));
        return true;
    }

    public override string ToString() => Value is null ? Key : $"{Key}={Value}";
}

/// <summary>Reads an address.</summary>
internal delegate bool TryParser<TAddress>(ReadOnlySpan<char> text, out TAddress address);
