using System.Net;
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;

namespace Troupe.Apps.Hosting;

/// <summary>Names for the class library, which asks on threads that may block.</summary>
internal sealed class StackHostResolver(NetworkStack stack, TimeProvider time, TimeSpan configurationTimeout) : IHostResolver
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);

    private readonly long _began = time.GetTimestamp();

    public HostResolution Resolve(string name, ICollection<IPAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        if (!HasServers())
            return HostResolution.TryAgain;
        DnsResult result = stack.ResolveAsync(name).AsTask().GetAwaiter().GetResult();
        foreach (Net.Wire.IpAddress address in result.Addresses)
            addresses.Add(address.ToIPAddress());
        return result.Status switch
        {
            DnsStatus.Found => HostResolution.Found,
            DnsStatus.TryAgain => HostResolution.TryAgain,
            _ => HostResolution.NotFound,
        };
    }

    // A program that asks as its first act need not wait for DHCP or for a router by itself.
    private bool HasServers()
    {
        while (!stack.Configured.IsCompleted && stack.NameServers.Servers.IsEmpty)
        {
            if (time.GetElapsedTime(_began) >= configurationTimeout)
                return false;
            stack.Configured.Wait(_look);
        }

        return true;
    }
}
