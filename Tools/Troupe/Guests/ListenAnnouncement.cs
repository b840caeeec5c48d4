using System.Globalization;
using System.Text.RegularExpressions;

namespace Troupe.Tools.Guests;

/// <summary>Recognises the line by which a guest says that it listens, Kestrel's own among them
/// ("Now listening on: http://0.0.0.0:8080").</summary>
public static partial class ListenAnnouncement
{
    /// <summary>The port, or null if the line says no such thing.</summary>
    public static (string Scheme, int Port)? Read(string line)
    {
        var match = Announcement().Match(line);
        return match.Success && int.TryParse(match.Groups["port"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (match.Groups["scheme"] is { Success: true } scheme ? scheme.Value : "http", port)
            : null;
    }

    [GeneratedRegex(@"\blistening on:?\s+(?:(?<scheme>https?)://)?(?:\[[^\]\s]*\]|[^\s:\[\]]*):(?<port>\d{1,5})\b", RegexOptions.IgnoreCase)]
    private static partial Regex Announcement();
}
