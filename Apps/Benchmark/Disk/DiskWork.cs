using System.Globalization;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;

namespace Troupe.Apps.Benchmark.Disk;

/// <summary>What is done to the disk.</summary>
internal enum DiskOperation
{
    Read,
    Write,

    /// <summary>A write, and a flush behind it.</summary>
    Flush,
}

/// <summary>A load on the disk.</summary>
/// <param name="Operation">What is done.</param>
/// <param name="IsRandom">Whether at places of chance, or one behind the other and from the beginning again.</param>
/// <param name="Length">Bytes of a request.</param>
/// <param name="Depth">Requests under way at the same time; the next begins when one is over.</param>
/// <param name="Time">For how long.</param>
[Sendable]
internal sealed record DiskWork(DiskOperation Operation, bool IsRandom, int Length, int Depth, TimeSpan Time)
{
    /// <summary>Larger than any that is measured, and smaller than the guests' memory.</summary>
    private const int MaximumLength = 4 * 1024 * 1024;

    private const int MaximumDepth = 64;
    private const int MaximumSeconds = 600;

    /// <summary>What O_DIRECT and every disk take.</summary>
    private const int Unit = 4096;

    public bool IsWrite => Operation != DiskOperation.Read;

    /// <summary>Reads a query; null if it says no load.</summary>
    public static DiskWork? From(IQueryCollection query)
    {
        bool isWork = Enum.TryParse(query["do"], out DiskOperation operation)
            & int.TryParse(query["length"], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            & int.TryParse(query["depth"], NumberStyles.None, CultureInfo.InvariantCulture, out int depth)
            & int.TryParse(query["seconds"], NumberStyles.None, CultureInfo.InvariantCulture, out int seconds);
        return isWork && length is > 0 and <= MaximumLength && length % Unit == 0 && depth is > 0 and <= MaximumDepth && seconds is > 0 and <= MaximumSeconds
            && (operation != DiskOperation.Flush || depth == 1)
            ? new(operation, query["order"] == "random", length, depth, TimeSpan.FromSeconds(seconds))
            : null;
    }
}
