using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Troupe.Net.Contracts;

namespace Troupe.Net.Kestrel;

/// <summary>A connection of the stack as Kestrel sees it. Disposing it closes both directions gracefully; aborting it sends a reset.</summary>
internal sealed class TcpConnectionContext : ConnectionContext,
    IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature
{
    private static long s_lastId;

    private readonly TcpConnection _connection;
    private readonly TcpConnectionFeatures _features = new();
    private string? _id;
    private IDictionary<object, object?>? _items;
    private EndPoint? _local;
    private EndPoint? _remote;

    public TcpConnectionContext(TcpConnection connection)
    {
        _connection = connection;
        Transport = connection;
        _features.Set<IConnectionIdFeature>(this);
        _features.Set<IConnectionTransportFeature>(this);
        _features.Set<IConnectionItemsFeature>(this);
        _features.Set<IConnectionLifetimeFeature>(this);
        _features.Set<IConnectionEndPointFeature>(this);
        ConnectionClosed = connection.Ended;
    }

    public override IDuplexPipe Transport { get; set; }

    /// <inheritdoc cref="TcpConnection.ApplicationContext"/>
    public SynchronizationContext? ApplicationContext => _connection.ApplicationContext;

    public override IFeatureCollection Features => _features;

    public override string ConnectionId
    {
        get => _id ??= string.Create(CultureInfo.InvariantCulture, $"tcp-{Interlocked.Increment(ref s_lastId):x}");
        set => _id = value;
    }

    public override IDictionary<object, object?> Items
    {
        get => _items ??= new Dictionary<object, object?>();
        set => _items = value;
    }

    public override CancellationToken ConnectionClosed { get; set; }

    public override EndPoint? LocalEndPoint
    {
        get => _local ??= _connection.Key.Local.ToIPEndPoint();
        set => _local = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _remote ??= _connection.Key.Remote.ToIPEndPoint();
        set => _remote = value;
    }

    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort();

    public override void Abort() => _connection.Abort();

    public override ValueTask DisposeAsync() => _connection.DisposeAsync();
}
