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
        ("name the loopback counts", () => Sync(() =>
        {
            (UdpClient sender, UdpClient receiver) = UdpPair();
            using (sender)
            using (receiver)
            {
                IPInterfaceStatistics before = Loopback().GetIPStatistics();
                sender.Send(new byte[100], 100);
                IPEndPoint? from = null;
                receiver.Receive(ref from);
                IPInterfaceStatistics after = Loopback().GetIPStatistics();
                return $"{after.BytesSent - before.BytesSent >= 128} {after.BytesReceived - before.BytesReceived >= 128} {after.UnicastPacketsReceived > before.UnicastPacketsReceived}";
            }
        })),
        ("name the loopback is no way out", () => Sync(() =>
        {
            IPInterfaceProperties properties = Loopback().GetIPProperties();
            return $"{properties.GatewayAddresses.Count} {properties.GetIPv4Properties().Mtu}";
        })),
        ("name every interface has an index of its own", () => Sync(() =>
        {
            NetworkInterface[] all = NetworkInterface.GetAllNetworkInterfaces();
            return all.Select(entry => entry.GetIPProperties().GetIPv4Properties().Index).Distinct().Count() == all.Length;
        })),
        ("name a listener is listed", () => Sync(() =>
        {
            using TcpListener listener = new(IPAddress.Loopback, 0);
            listener.Start();
            int port = ((IPEndPoint)listener.LocalEndpoint).Port;
            bool listed = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(end => end.Port == port && end.Address.Equals(IPAddress.Loopback));
            listener.Stop();
            return $"{listed} {IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(end => end.Port == port)}";
        })),
        ("name a connection is listed at both ends", () => Sync(() =>
        {
            using TcpListener listener = new(IPAddress.Loopback, 0);
            listener.Start();
            // Of IPv4 alone, as the listener's end is: one of both versions is listed by its mapped address.
            using TcpClient client = new(AddressFamily.InterNetwork);
            client.Connect((IPEndPoint)listener.LocalEndpoint);
            using TcpClient server = listener.AcceptTcpClient();
            EndPoint near = client.Client.LocalEndPoint!, far = client.Client.RemoteEndPoint!;
            TcpConnectionInformation[] all = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections();
            TcpState at(EndPoint local, EndPoint remote) => all.Single(one => one.LocalEndPoint.Equals(local) && one.RemoteEndPoint.Equals(remote)).State;
            return $"{at(near, far)} {at(far, near)} {IPGlobalProperties.GetIPGlobalProperties().GetTcpIPv4Statistics().CurrentConnections >= 2}";
        })),
        ("name a bound datagram socket is listed", () => Sync(() =>
        {
            using UdpClient socket = new(new IPEndPoint(IPAddress.Loopback, 0));
            return IPGlobalProperties.GetIPGlobalProperties().GetActiveUdpListeners().Any(end => end.Equals(socket.Client.LocalEndPoint));
        })),
        ("name statistics of both versions", () => Sync(() =>
        {
            if (!OperatingSystem.IsLinux())
                return "not Linux";
            IPGlobalProperties global = IPGlobalProperties.GetIPGlobalProperties();
            return $"{global.GetIPv4GlobalStatistics().ReceivedPackets > 0} {global.GetIPv4GlobalStatistics().DefaultTtl} {global.GetUdpIPv4Statistics().DatagramsSent > 0} "
                + $"{global.GetIPv6GlobalStatistics().ReceivedPackets >= 0} {global.GetIcmpV4Statistics().MessagesReceived >= 0} {global.GetIcmpV6Statistics().MessagesReceived >= 0}";
        })),
        ("name other files about the network are not there", () => Sync(() => File.Exists("/proc/net/no-such-file"))),
        ("name files about the network are read as files are", () => Sync(() =>
        {
            using FileStream file = new("/proc/net/dev", FileMode.Open, FileAccess.Read);
            byte[] buffer = new byte[8];
            file.ReadExactly(buffer);
            string head = System.Text.Encoding.ASCII.GetString(buffer);
            file.Seek(0, SeekOrigin.Begin);
            file.ReadExactly(buffer);
            return $"{head}{head == System.Text.Encoding.ASCII.GetString(buffer)} {File.ReadAllLines("/proc/net/dev").Length >= 3}";
        })),
    ];

    private static NetworkInterface Loopback() =>
        NetworkInterface.GetAllNetworkInterfaces().Single(entry => entry.NetworkInterfaceType == NetworkInterfaceType.Loopback);

    private static (UdpClient Sender, UdpClient Receiver) UdpPair()
    {
        UdpClient receiver = new(new IPEndPoint(IPAddress.Loopback, 0));
        UdpClient sender = new();
        sender.Connect((IPEndPoint)receiver.Client.LocalEndPoint!);
        return (sender, receiver);
    }
}
