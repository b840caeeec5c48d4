using System.Net;
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;

namespace Troupe.Apps.Hosting;

/// <summary>Names for the class library, which asks on threads that may block. IPv4 only, as long as sockets reach nothing else.</summary>
internal sealed class StackHostResolver(NetworkStack stack, TimeSpan configurationTimeout) : IHostResolver
{
    public HostResolution Resolve(string name, ICollection<IPAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        // Before that nobody has named a server; a program that asks as its first act need not wait for DHCP by itself.
        if (!stack.Configured.Wait(configurationTimeout))
            return HostResolution.TryAgain;
        DnsResult result = stack.ResolveAsync(name, DnsFamilies.Ipv4).AsTask().GetAwaiter().GetResult();
        foreach (Net.Wire.IpAddress address in result.Addresses)
            addresses.Add(address.ToIPAddress());
        return result.Status switch
        {
            DnsStatus.Found => HostResolution.Found,
            DnsStatus.TryAgain => HostResolution.TryAgain,
            _ => HostResolution.NotFound,
        };
    }
}
