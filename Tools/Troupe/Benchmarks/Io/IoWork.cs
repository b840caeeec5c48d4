using System.Globalization;

namespace Troupe.Tools.Benchmarks.Io;

/// <summary>What a guest is asked to do.</summary>
public enum IoWorkKind
{
    /// <summary>Reads of its disk.</summary>
    Read,

    /// <summary>Writes to its disk.</summary>
    Write,

    /// <summary>Writes to its disk, each with a flush behind it.</summary>
    Flush,

    /// <summary>Answers to small datagrams.</summary>
    Datagrams,

    /// <summary>A plain stream to the guest.</summary>
    BulkReceive,

    /// <summary>A plain stream from the guest.</summary>
    BulkSend,
}

/// <summary>A load; several rows may come of it.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="IsRandom">Whether places on the disk are of chance, or follow each other.</param>
/// <param name="Length">Bytes of a request.</param>
/// <param name="Depth">Requests under way at the same time.</param>
public sealed record IoWork(IoWorkKind Kind, bool IsRandom, int Length, int Depth)
{
    private const int Kilobyte = 1024;

    /// <summary>Every load, in the order in which they are measured.</summary>
    public static IReadOnlyList<IoWork> All { get; } =
    [
        new(IoWorkKind.Read, IsRandom: false, 128 * Kilobyte, 1),
        new(IoWorkKind.Read, IsRandom: false, Kilobyte * Kilobyte, 1),
        new(IoWorkKind.Write, IsRandom: false, 128 * Kilobyte, 1),
        new(IoWorkKind.Write, IsRandom: false, Kilobyte * Kilobyte, 1),
        new(IoWorkKind.Read, IsRandom: true, 4 * Kilobyte, 1),
        new(IoWorkKind.Write, IsRandom: true, 4 * Kilobyte, 1),
        new(IoWorkKind.Read, IsRandom: true, 4 * Kilobyte, 32),
        new(IoWorkKind.Write, IsRandom: true, 4 * Kilobyte, 32),
        new(IoWorkKind.Flush, IsRandom: true, 4 * Kilobyte, 1),
        new(IoWorkKind.Datagrams, IsRandom: false, 64, 1),
        new(IoWorkKind.Datagrams, IsRandom: false, 64, 32),
        new(IoWorkKind.BulkReceive, IsRandom: false, 0, 1),
        new(IoWorkKind.BulkSend, IsRandom: false, 0, 1),
    ];

    /// <summary>What tables call it.</summary>
    public string Name => Kind switch
    {
        IoWorkKind.BulkReceive => "bulk receive",
        IoWorkKind.BulkSend => "bulk send",
        IoWorkKind.Datagrams => $"datagrams of {Length} bytes, {Depth} at a time",
        IoWorkKind.Flush => $"write of {Size} and flush",
        _ => $"{(IsRandom ? "random" : "sequential")} {(Kind == IoWorkKind.Read ? "read" : "write")} of {Size}, {Depth} at a time",
    };

    /// <summary>What it is worth measuring of it.</summary>
    public IReadOnlyList<IoMeasure> Measures => Kind switch
    {
        IoWorkKind.BulkReceive or IoWorkKind.BulkSend => [IoMeasure.Throughput],
        IoWorkKind.Read or IoWorkKind.Write when !IsRandom => [IoMeasure.Throughput],
        // With many under way, how long one takes follows from how many are answered.
        _ => Depth == 1 ? [IoMeasure.Rate, IoMeasure.Median, IoMeasure.Percentile99] : [IoMeasure.Rate],
    };

    /// <summary>The disk's part of it, as Apps/Benchmark is asked by HTTP; null for what is no matter of the disk.</summary>
    public string? DiskQuery(int seconds) => Kind is IoWorkKind.Read or IoWorkKind.Write or IoWorkKind.Flush
        ? string.Create(CultureInfo.InvariantCulture, $"/disk?do={Kind}&order={(IsRandom ? "random" : "sequential")}&length={Length}&depth={Depth}&seconds={seconds}")
        : null;

    private string Size => Length < Kilobyte * Kilobyte ? $"{Length / Kilobyte} KB" : $"{Length / Kilobyte / Kilobyte} MB";
}
