using System.Net;

namespace Troupe.Net.Sockets;

/// <summary>How a lookup of a name ended.</summary>
public enum HostResolution
{
    /// <summary>There are addresses.</summary>
    Found,

    /// <summary>The name does not exist, or has no address of the family.</summary>
    NotFound,

    /// <summary>No server answered; another time one may.</summary>
    TryAgain,

    /// <summary>A server refused or answered nonsense.</summary>
    Failed,
}

/// <summary>Finds the addresses of a name. Called by threads that may block.</summary>
public interface IHostResolver
{
    /// <summary>Adds the addresses of a name, the best first, to a list.</summary>
    HostResolution Resolve(string name, ICollection<IPAddress> addresses);
}

/// <summary>Knows no names beyond those that <see cref="SocketCalls"/> answers by itself.</summary>
public sealed class LocalHostResolver : IHostResolver
{
    /// <inheritdoc/>
    public HostResolution Resolve(string name, ICollection<IPAddress> addresses) => HostResolution.NotFound;
}
