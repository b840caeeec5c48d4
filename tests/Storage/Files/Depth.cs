using System.Globalization;

namespace Troupe.Storage.Tests.Files;

/// <summary>How much more than usual the tests by chance do: the environment's TROUPE_DEEP.</summary>
internal static class Depth
{
    public static int Factor { get; } = Environment.GetEnvironmentVariable("TROUPE_DEEP") is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : 1;
}
