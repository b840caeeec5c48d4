using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>Names and interfaces.</summary>
internal static class NameCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("name a number", () => Sync(() => string.Join(' ', Dns.GetHostAddresses("192.0.2.7").Select(address => address.ToString())))),
        ("name localhost has an IPv4 address", () => Sync(() => Dns.GetHostAddresses("localhost", AddressFamily.InterNetwork)[0])),
        ("name localhost asynchronously", async () => $"{(await Dns.GetHostAddressesAsync("localhost", AddressFamily.InterNetwork))[0]}"),
        ("name that does not exist", () => AnswerAsync(async () => $"{(await Dns.GetHostAddressesAsync("name.invalid")).Length}")),
        ("name of the loopback address", () => Sync(() => Dns.GetHostEntry(IPAddress.Loopback).HostName)),
        ("name of this host is not empty", () => Sync(() => Dns.GetHostName().Length > 0)),
        ("name both families are supported", () => Sync(() => $"{Socket.OSSupportsIPv4} {Socket.OSSupportsIPv6}")),
        ("name the loopback interface", () => Sync(() =>
        {
            NetworkInterface loopback = NetworkInterface.GetAllNetworkInterfaces().Single(entry => entry.NetworkInterfaceType == NetworkInterfaceType.Loopback);
            return $"{loopback.Name} {loopback.OperationalStatus} {loopback.GetIPProperties().UnicastAddresses.Any(address => address.Address.Equals(IPAddress.Loopback))}";
        })),
        ("name the loopback index", () => Sync(() => NetworkInterface.LoopbackInterfaceIndex)),
    ];
}
