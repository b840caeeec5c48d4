namespace Troupe.Tools.Benchmarks.Net;

/// <summary>What a row of the table measures.</summary>
public enum NetRowKind
{
    /// <summary>A plain stream to the guest.</summary>
    BulkReceive,

    /// <summary>A plain stream from the guest.</summary>
    BulkSend,

    /// <summary>One connection, one small question at a time.</summary>
    RequestReply,

    /// <summary>HTTP on connections that stay.</summary>
    KeepAlive,

    /// <summary>HTTP with a connection for each request.</summary>
    Close,

    /// <summary>Time to an answer at half of what the slower guest can do.</summary>
    Latency,
}

/// <summary>A row of <c>troupe bench net</c>, and the bar it is held against.</summary>
/// <param name="Kind">What is measured.</param>
/// <param name="Connections">On how many connections.</param>
public sealed record NetRow(NetRowKind Kind, int Connections) : IComparedRow
{
    /// <summary>Connections of the row that gives the slower side's throughput.</summary>
    public const int UsualConnections = 16;

    /// <summary>Every row, in the order in which they are measured and printed.</summary>
    public static IReadOnlyList<NetRow> All { get; } =
    [
        new(NetRowKind.BulkReceive, 1), new(NetRowKind.BulkSend, 1), new(NetRowKind.RequestReply, 1),
        .. ((int[])[1, UsualConnections, 256]).Select(connections => new NetRow(NetRowKind.KeepAlive, connections)),
        .. ((int[])[1, UsualConnections, 256]).Select(connections => new NetRow(NetRowKind.Close, connections)),
        new(NetRowKind.Latency, UsualConnections),
    ];

    /// <inheritdoc/>
    public string Name => Kind switch
    {
        NetRowKind.BulkReceive => "bulk receive",
        NetRowKind.BulkSend => "bulk send",
        NetRowKind.RequestReply => "request-reply, 64 bytes",
        NetRowKind.KeepAlive => $"http keep-alive, {Connections}",
        NetRowKind.Close => $"http connection per request, {Connections}",
        _ => $"http p99 at half load, {Connections}",
    };

    /// <inheritdoc/>
    public string Unit => Kind switch
    {
        NetRowKind.BulkReceive or NetRowKind.BulkSend => "MB/s",
        NetRowKind.Latency => "ms",
        _ => "/s",
    };

    /// <inheritdoc/>
    public string Format => Kind switch
    {
        NetRowKind.BulkReceive or NetRowKind.BulkSend => "0.0",
        NetRowKind.Latency => "0.00",
        _ => "0",
    };

    /// <inheritdoc/>
    public bool IsTime => Kind == NetRowKind.Latency;

    /// <inheritdoc/>
    public double? Bar => Kind switch
    {
        NetRowKind.BulkReceive or NetRowKind.BulkSend or NetRowKind.Latency => 1,
        NetRowKind.KeepAlive or NetRowKind.Close => 2,
        _ => null,
    };
}
