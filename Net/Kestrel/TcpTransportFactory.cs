using System.Net;
using Microsoft.AspNetCore.Connections;
using Troupe.Actors;
using Troupe.Net.Contracts;

namespace Troupe.Net.Kestrel;

/// <summary>Kestrel's transport: its connections are this stack's, without a socket between.</summary>
public sealed class TcpTransportFactory(ActorRef<TcpMessage> tcp, TcpApplicationOptions options) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly TcpApplicationOptions _options = options with { CreateException = CreateException };

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint { Port: var port } ip)
            throw new NotSupportedException($"This stack listens on IP end points, not on {endpoint}.");

        // As with Kestrel's own transport, "::" is for both versions and "0.0.0.0" for IPv4 alone.
        TcpListener? listener = await tcp.AskAsync<TcpListener?>(
            reply => TcpMessage.Listen(new(IpEndPoint.From(ip), _options, reply)), cancellationToken: cancellationToken).ConfigureAwait(false);
        return listener is null
            ? throw new AddressInUseException($"TCP port {port} of {ip.Address} is in use.")
            : new TcpConnectionListener(listener, new IPEndPoint(ip.Address, listener.Local.Port));
    }

    // The exceptions Kestrel knows, so that a client that goes away is no error in its log.
    private static Exception CreateException(TcpCloseReason reason) => reason == TcpCloseReason.Aborted
        ? new ConnectionAbortedException("The connection was aborted by this side.")
        : new ConnectionResetException($"The connection ended: {reason}.");
}
