using System.Collections.Immutable;
using Troupe.Actors;

namespace Troupe.Net.Contracts;

/// <summary>A listener as a listing shows it.</summary>
/// <param name="Local">Where it listens.</param>
/// <param name="Pending">Connections half-open or not yet accepted.</param>
/// <param name="Backlog">How many of them there may be.</param>
public readonly record struct TcpListenerStatus(IpEndPoint Local, int Pending, int Backlog);

/// <summary>What the TCP layer knows: who is there. What a connection knows of itself is asked of its actor.</summary>
/// <param name="Connections">The connections and their actors.</param>
/// <param name="Listeners">The open listeners.</param>
/// <param name="TimeWait">The connections in TIME-WAIT, the first to end first.</param>
[Sendable]
public sealed record TcpListing(
    ImmutableArray<TcpConnectionEntry> Connections, ImmutableArray<TcpListenerStatus> Listeners, ImmutableArray<TcpTimeWaitEntry> TimeWait)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(1);

    /// <summary>Asks the TCP layer for its listing.</summary>
    public static ValueTask<TcpListing> ReadAsync(ActorRef<TcpMessage> tcp)
    {
        ArgumentNullException.ThrowIfNull(tcp);
        return tcp.AskAsync<TcpListing>(static reply => TcpMessage.List(new(reply)));
    }

    /// <summary>
    /// Asks each connection for its line: state, queues, round trip, windows. One that ends meanwhile, or does not answer within a second, is left out.
    /// </summary>
    public async ValueTask<ImmutableArray<TcpConnectionStatus>> ReadConnectionsAsync()
    {
        ImmutableArray<TcpConnectionStatus>.Builder lines = ImmutableArray.CreateBuilder<TcpConnectionStatus>(Connections.Length);
        foreach (TcpConnectionEntry entry in Connections)
        {
            try
            {
                lines.Add(await entry.Connection.AskAsync<TcpConnectionStatus>(static reply => TcpConnectionMessage.List(new(reply)), _patience));
            }
            catch (Exception exception) when (exception is TimeoutException or OperationCanceledException or InvalidOperationException)
            {
                // It has ended since, or is behind; the listing is of an instant that is over anyway.
            }
        }

        return lines.ToImmutable();
    }
}
