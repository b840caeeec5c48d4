using System.Net;
using Microsoft.AspNetCore.Connections;
using Troupe.Net.Contracts;

namespace Troupe.Net.Kestrel;

/// <summary>A listener of the stack as Kestrel sees it.</summary>
internal sealed class TcpConnectionListener(TcpListener listener, EndPoint endPoint) : IConnectionListener
{
    public EndPoint EndPoint { get; } = endPoint;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
        await listener.AcceptAsync(cancellationToken).ConfigureAwait(false) is { } connection ? new TcpConnectionContext(connection) : null;

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.DisposeAsync();

    public ValueTask DisposeAsync() => listener.DisposeAsync();
}
