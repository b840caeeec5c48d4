using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Troupe.Apps.SocketTest;

/// <summary>What System.Net.NetworkInformation says of a machine's interfaces, and who is reached by which.</summary>
internal static class Interfaces
{
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(30);

    /// <summary>Waits until each interface has an IPv4 address, lists them, and has a line echoed by each server, A.B.C.D:PORT.</summary>
    public static async Task<int> ReachAsync(IEnumerable<string> servers)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (!NetworkInterface.GetAllNetworkInterfaces().All(static one => AddressesOf(one).Any()) && TimeProvider.System.GetElapsedTime(started) < _longestWait)
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        foreach (NetworkInterface one in NetworkInterface.GetAllNetworkInterfaces())
        {
            IPInterfaceProperties properties = one.GetIPProperties();
            IEnumerable<IPAddress> gateways = properties.GatewayAddresses.Select(static gateway => gateway.Address).Where(IsIpv4);
            Console.WriteLine(
                $"interface {one.Name} {one.NetworkInterfaceType} {one.OperationalStatus} {properties.GetIPv4Properties().Index} {one.GetPhysicalAddress()} "
                + $"{string.Join(' ', AddressesOf(one))} gateway {string.Join(' ', gateways)}");
        }

        foreach (string server in servers)
            await EchoAsync(IPEndPoint.Parse(server));
        foreach (NetworkInterface one in NetworkInterface.GetAllNetworkInterfaces())
            Console.WriteLine($"interface {one.Name} sent something: {one.GetIPStatistics().BytesSent > 0}");
        return 0;
    }

    private static async Task EchoAsync(IPEndPoint server)
    {
        using TcpClient client = new(server.AddressFamily);
        await client.ConnectAsync(server);
        await client.GetStream().WriteAsync("hello\n"u8.ToArray());
        using StreamReader reader = new(client.GetStream());
        Console.WriteLine($"reached {server.Address} from {((IPEndPoint)client.Client.LocalEndPoint!).Address}: {await reader.ReadLineAsync()}");
    }

    private static IEnumerable<IPAddress> AddressesOf(NetworkInterface one) =>
        one.GetIPProperties().UnicastAddresses.Select(static own => own.Address).Where(IsIpv4);

    private static bool IsIpv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;
}
