using System.Globalization;

namespace Troupe.Tools.Testing.Kills;

/// <summary>Durations, in milliseconds, of which the rare ones matter.</summary>
public sealed class Percentiles
{
    private readonly List<double> _values = [];

    /// <summary>How many there are.</summary>
    public int Count => _values.Count;

    /// <summary>The largest; not a number without any.</summary>
    public double Most => _values.Count == 0 ? double.NaN : _values.Max();

    /// <summary>Adds one.</summary>
    public void Add(double milliseconds) => _values.Add(milliseconds);

    /// <summary>The smallest value that a share of all do not exceed (nearest rank); not a number without any.</summary>
    public double At(double share)
    {
        double[] sorted = [.. _values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"p50 {At(0.5):0.0}, p99 {At(0.99):0.0}, at most {Most:0.0} ms");
}
