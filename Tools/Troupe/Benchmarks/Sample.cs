using System.Globalization;

namespace Troupe.Tools.Benchmarks;

/// <summary>Repeated measurements of one thing.</summary>
public sealed class Sample
{
    private readonly List<double> _values = [];

    /// <summary>What was measured, in that order.</summary>
    public IReadOnlyList<double> Values => _values;

    /// <summary>The middle one; with an even number, the mean of the two in the middle. Not a number without any.</summary>
    public double Median
    {
        get
        {
            double[] sorted = [.. _values.Order()];
            return sorted.Length == 0 ? double.NaN : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    /// <summary>The smallest.</summary>
    public double Least => _values.Count == 0 ? double.NaN : _values.Min();

    /// <summary>The largest.</summary>
    public double Most => _values.Count == 0 ? double.NaN : _values.Max();

    /// <summary>Adds a measurement.</summary>
    public void Add(double value) => _values.Add(value);

    /// <summary>A number as tables have it.</summary>
    public static string Text(double value, string format = "0", string unit = "") =>
        double.IsNaN(value) ? "-" : value.ToString(format, CultureInfo.InvariantCulture) + unit;
}
