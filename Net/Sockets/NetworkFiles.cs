// man 5 proc and man 5 resolv.conf: the files from which System.Net.NetworkInformation reads on Linux what its calls do not tell.
using System.Globalization;
using System.Text;
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

/// <summary>
/// Makes the text of a file when it is opened. What it says is what the stack has and counts; of a number that the stack does not count there stands 0, and
/// docs/sockets.md says which. The parts: .Statistics, .Connections, .Routes.
/// </summary>
public sealed partial class NetworkFiles
{
    private readonly SocketNetwork _network;
    private readonly SocketCalls _calls;
    private readonly Dictionary<string, Func<string>> _files;

    /// <summary>The files of a stack and of the sockets on it.</summary>
    public NetworkFiles(SocketNetwork network, SocketCalls calls)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(calls);
        _network = network;
        _calls = calls;
        _files = new(StringComparer.Ordinal)
        {
            ["/proc/net/dev"] = Interfaces,
            ["/proc/net/snmp"] = Statistics,
            ["/proc/net/snmp6"] = StatisticsOfIpv6,
            ["/proc/net/route"] = Routes,
            ["/proc/net/ipv6_route"] = RoutesOfIpv6,
            ["/proc/net/tcp"] = () => TcpConnections(ipv6: false),
            ["/proc/net/tcp6"] = () => TcpConnections(ipv6: true),
            ["/proc/net/udp"] = () => UdpSockets(ipv6: false),
            ["/proc/net/udp6"] = () => UdpSockets(ipv6: true),
            ["/proc/net/sockstat"] = () => SocketStatistics(ipv6: false),
            ["/proc/net/sockstat6"] = () => SocketStatistics(ipv6: true),
            ["/etc/resolv.conf"] = NameServerList,
            // A host passes nothing on.
            ["/proc/sys/net/ipv4/ip_forward"] = static () => "0\n",
            ["/proc/sys/net/ipv4/conf/default/forwarding"] = static () => "0\n",
            ["/proc/sys/net/ipv6/conf/default/forwarding"] = static () => "0\n",
            ["/proc/sys/net/ipv4/conf/lo/forwarding"] = static () => "0\n",
            [QueueLengthOf("lo")] = static () => "0\n",
        };
    }

    /// <summary>Whether there is such a file.</summary>
    public bool Contains(string path) => _files.ContainsKey(path) || IsOfInterface(path);

    /// <summary>Its text of now; null when there is no such file. It may wait for a moment for the TCP layer's listing.</summary>
    public byte[]? Read(string path) =>
        _files.TryGetValue(path, out Func<string>? make) ? Encoding.ASCII.GetBytes(make()) : IsOfInterface(path) ? "0\n"u8.ToArray() : null;

    // Those of an interface that has a device, which may come later than the table above.
    private bool IsOfInterface(string path)
    {
        foreach (InternetInterface one in _network.Internet.Interfaces)
        {
            if (path == $"/proc/sys/net/ipv4/conf/{one.Name}/forwarding" || path == QueueLengthOf(one.Name))
                return true;
        }

        return false;
    }

    // An interface has no queue of its own between the layers and the device.
    private static string QueueLengthOf(string name) => $"/sys/class/net/{name}/tx_queue_len";

    private string NameServerList()
    {
        StringBuilder text = new();
        NameServers servers = _network.NameServers;
        if (servers.SearchDomains is { IsEmpty: false } domains)
            text.Append("search ").AppendJoin(' ', domains).Append('\n');
        foreach (DnsServer server in servers.Servers)
            Append(text, $"nameserver {server}\n");
        return text.ToString();
    }

    private static void Append(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture));
}
