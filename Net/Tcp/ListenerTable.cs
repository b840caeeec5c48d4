// RFC 9293 3.10.7.2 and 3.9.2.3: whose a connection is that arrives: who listens on its address before who listens on any.
using System.Diagnostics.CodeAnalysis;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

/// <summary>The listeners by port. Several share a port when no connection could be two's: on different addresses, or on any of different versions.</summary>
internal sealed class ListenerTable
{
    private readonly Dictionary<ushort, TcpListener[]> _ports = [];

    public IEnumerable<TcpListener> All => _ports.Values.SelectMany(static sharers => sharers);

    /// <summary>Whether somebody listens on the port at all.</summary>
    public bool IsTaken(ushort port) => _ports.ContainsKey(port);

    /// <summary>False when another listener would get some of the same connections.</summary>
    public bool TryAdd(TcpListener listener)
    {
        ushort port = listener.Local.Port;
        TcpListener[] sharers = _ports.GetValueOrDefault(port, []);
        if (Array.Exists(sharers, other => Overlap(other, listener)))
            return false;
        _ports[port] = [.. sharers, listener];
        return true;
    }

    public void Remove(TcpListener listener)
    {
        ushort port = listener.Local.Port;
        if (!_ports.TryGetValue(port, out TcpListener[]? sharers))
            return;
        TcpListener[] rest = [.. sharers.Where(other => other != listener)];
        if (rest.Length > 0)
            _ports[port] = rest;
        else
            _ports.Remove(port);
    }

    /// <summary>Who gets connections to one of this host's addresses.</summary>
    public bool TryFind(IpEndPoint local, [NotNullWhen(true)] out TcpListener? listener)
    {
        listener = null;
        if (!_ports.TryGetValue(local.Port, out TcpListener[]? sharers))
            return false;
        foreach (TcpListener sharer in sharers)
        {
            if (sharer.Local.Address == local.Address)
            {
                listener = sharer;
                return true;
            }

            if (sharer.Local.Address.IsAny && Takes(sharer, local.Address.IsIpv4))
                listener = sharer;
        }

        return listener is not null;
    }

    // RFC 3493 5.3: "::" is for both versions, unless it was said otherwise.
    private static bool Takes(TcpListener listener, bool ipv4) => ipv4 == listener.Local.Address.IsIpv4 || (ipv4 && !listener.IsIpv6Only);

    private static bool Overlap(TcpListener left, TcpListener right)
    {
        IpAddress first = left.Local.Address;
        IpAddress second = right.Local.Address;
        if (first.IsIpv4 != second.IsIpv4)
            return first.IsIpv4 ? second.IsAny && !right.IsIpv6Only : first.IsAny && !left.IsIpv6Only;
        return first.IsAny || second.IsAny || first == second;
    }
}
