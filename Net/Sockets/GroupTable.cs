// RFC 3493 5.2, man 7 ip: which groups this host's sockets listen to, on which interface.
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Sockets;

/// <summary>
/// Members of groups, counted. What is joined on the link is joined at the internet layer too, which tells routers; groups on the loopback interface are
/// nobody else's business. Bounded by the sockets and what each may join.
/// </summary>
internal sealed class GroupTable(InternetLayers internet)
{
    private readonly object _gate = new();
    private readonly Dictionary<(IpAddress Group, int Interface), int> _members = [];

    public void Join(IpAddress group, int interfaceIndex)
    {
        lock (_gate)
            _members[(group, interfaceIndex)] = _members.GetValueOrDefault((group, interfaceIndex)) + 1;
        Tell(group, interfaceIndex, IpMessage.Join(group));
    }

    public void Leave(IpAddress group, int interfaceIndex)
    {
        lock (_gate)
        {
            int left = _members.GetValueOrDefault((group, interfaceIndex)) - 1;
            if (left > 0)
                _members[(group, interfaceIndex)] = left;
            else
                _members.Remove((group, interfaceIndex));
        }

        Tell(group, interfaceIndex, IpMessage.Leave(group));
    }

    /// <summary>Whether datagrams to a group on an interface are for this host; all hosts are always meant (RFC 1112 4, RFC 4291 2.8).</summary>
    public bool IsMember(IpAddress group, int interfaceIndex)
    {
        if (group.IsIpv4 ? group.Ipv4 == Ipv4Address.AllHosts : group.Ipv6 == Ipv6Address.AllNodes)
            return true;
        lock (_gate)
            return _members.ContainsKey((group, interfaceIndex));
    }

    private void Tell(IpAddress group, int interfaceIndex, IpMessage message)
    {
        if (internet.WithIndex(interfaceIndex) is not { } joined || (!group.IsIpv4 && joined.Ipv6 is null))
            return;
        // In the order of the calls, also when the layer's mailbox is full.
        ValueTask telling = joined.LayerOf(group).TellAsync(message);
        if (!telling.IsCompletedSuccessfully)
            _ = telling.AsTask();
    }
}
