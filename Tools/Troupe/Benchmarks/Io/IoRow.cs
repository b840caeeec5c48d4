namespace Troupe.Tools.Benchmarks.Io;

/// <summary>What is measured of a load.</summary>
public enum IoMeasure
{
    /// <summary>Bytes moved.</summary>
    Throughput,

    /// <summary>Requests done.</summary>
    Rate,

    /// <summary>Time of a request, in the middle.</summary>
    Median,

    /// <summary>Time that 99 of 100 requests did not exceed.</summary>
    Percentile99,
}

/// <summary>A row of <c>troupe bench io</c>.</summary>
/// <param name="Work">The load.</param>
/// <param name="Measure">What is measured of it.</param>
public sealed record IoRow(IoWork Work, IoMeasure Measure) : IComparedRow
{
    /// <summary>Every row, in the order in which they are measured and printed.</summary>
    public static IReadOnlyList<IoRow> All { get; } = [.. from work in IoWork.All from measure in work.Measures select new IoRow(work, measure)];

    /// <inheritdoc/>
    public string Name => Measure switch
    {
        IoMeasure.Median => Work.Name + ", p50",
        IoMeasure.Percentile99 => Work.Name + ", p99",
        _ => Work.Name,
    };

    /// <inheritdoc/>
    public string Unit => Measure switch
    {
        IoMeasure.Throughput => "MB/s",
        IoMeasure.Rate => "/s",
        _ => "us",
    };

    /// <inheritdoc/>
    public string Format => Measure == IoMeasure.Throughput ? "0.0" : "0";

    /// <inheritdoc/>
    public bool IsTime => Measure is IoMeasure.Median or IoMeasure.Percentile99;

    /// <summary>The issue's: nothing slower than Linux.</summary>
    public double? Bar => 1;
}
