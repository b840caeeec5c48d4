using Microsoft.AspNetCore.Connections;

namespace Troupe.Net.Kestrel;

/// <summary>Keeps Kestrel's part of a connection in the turns of its application (<see cref="Contracts.TurnPipeScheduler"/>).</summary>
public static class TurnConnections
{
    /// <summary>Brings what Kestrel awaits for a connection of this stack back to the turns in which its application runs. The first of a connection's middleware; other connections it passes on.</summary>
    /// <remarks>
    /// Kestrel begins a connection on the thread pool, and its methods up to the first read await there what ends in a turn. What was awaited without a context does not go on in a turn that has one, but
    /// on the pool: so did the end of a connection, and its FIN left behind the answer. The context stays with the thread until the asynchronous method that called returns, and is taken
    /// away by that.
    /// </remarks>
    public static IConnectionBuilder UseTurns(this IConnectionBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Use(static next => connection =>
        {
            if (connection is TcpConnectionContext { ApplicationContext: { } context })
                SynchronizationContext.SetSynchronizationContext(context);
            return next(connection);
        });
    }
}
