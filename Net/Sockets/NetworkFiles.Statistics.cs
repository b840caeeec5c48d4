// man 5 proc, /proc/net/dev, snmp, snmp6; RFC 4293, RFC 4022 and RFC 4113 for what the numbers mean.
using System.Text;
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

public sealed partial class NetworkFiles
{
    // Of all interfaces together.
    private LayerCounters Of(string layer) => LayerCounters.Sum(layer, _network.Counters().Where(counters => counters.Layer == layer));

    private LayerCounters Of(SocketInterface entry) => _network.Counters().First(counters =>
        entry.IsLoopback ? counters.Layer == LayerCounters.Loopback : counters.Layer == "Ethernet" && counters.Interface == entry.Name);

    private static long HeaderErrors(LayerCounters layer) => layer.Dropped(DropCause.Truncated) + layer.Dropped(DropCause.Malformed) + layer.Dropped(DropCause.BadChecksum);

    private static long AddressErrors(LayerCounters layer) => layer.Dropped(DropCause.BadAddress) + layer.Dropped(DropCause.NotForUs);

    private static long Discards(LayerCounters layer) => layer.Dropped(DropCause.Overflow) + layer.Dropped(DropCause.NoBuffer);

    private static long Delivers(LayerCounters layer) =>
        Math.Max(0, layer.Received - HeaderErrors(layer) - AddressErrors(layer) - layer.Dropped(DropCause.UnknownProtocol) - Discards(layer));

    // Receive: bytes packets errs drop fifo frame compressed multicast; transmit: bytes packets errs drop fifo colls carrier compressed.
    private string Interfaces()
    {
        StringBuilder text = new();
        text.Append("Inter-|   Receive                                                |  Transmit\n");
        text.Append(" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n");
        foreach (SocketInterface entry in _calls.GetInterfaces())
        {
            LayerCounters layer = Of(entry);
            Append(
                text,
                $"{entry.Name,6}: {layer.ReceivedOctets} {layer.Received} {HeaderErrors(layer)} {Discards(layer) + AddressErrors(layer) + layer.Dropped(DropCause.UnknownProtocol)} 0 0 0 0 {layer.SentOctets} {layer.Sent} 0 0 0 0 0 0\n");
        }

        return text.ToString();
    }

    private string Statistics()
    {
        StringBuilder text = new();
        LayerCounters ip = Of("IPv4"), icmp = Of("ICMP"), tcp = Of("TCP"), udp = Of("UDP");
        text.Append("Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n");
        Append(
            text,
            $"Ip: 2 {Wire.Ipv4Header.DefaultTimeToLive} {ip.Received} {HeaderErrors(ip)} {AddressErrors(ip)} 0 {ip.Dropped(DropCause.UnknownProtocol)} {Discards(ip)} {Delivers(ip)} {ip.Sent} 0 {ip.Dropped(DropCause.Unroutable)} {ip.Dropped(DropCause.Timeout)} {ip.Fragments} {ip.Reassembled} {ip.Dropped(DropCause.Timeout) + ip.Dropped(DropCause.Overlap)} 0 {ip.Dropped(DropCause.TooBig)} 0\n");
        text.Append("Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps\n");
        Append(
            text,
            $"Icmp: {icmp.Received} {HeaderErrors(icmp)} {icmp.Dropped(DropCause.BadChecksum)} 0 0 0 0 0 0 0 0 0 0 0 {icmp.Sent} 0 0 0 0 0 0 0 0 0 0 0 0\n");
        TcpConfiguration limits = _network.TcpConfiguration;
        TcpListing listing = ReadListing();
        text.Append("Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n");
        Append(
            text,
            $"Tcp: 1 {(int)limits.MinimumRetransmissionTimeout.TotalMilliseconds} {(int)limits.MaximumRetransmissionTimeout.TotalMilliseconds} {limits.Connections} 0 0 0 0 {listing.Connections.Length} {tcp.Received} {tcp.Sent} 0 {HeaderErrors(tcp)} 0 {tcp.Dropped(DropCause.BadChecksum)}\n");
        text.Append("Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors\n");
        Append(
            text,
            $"Udp: {Math.Max(0, udp.Received - udp.TotalDropped)} {udp.Dropped(DropCause.NoListener)} {HeaderErrors(udp)} {udp.Sent} {udp.Dropped(DropCause.Overflow)} {udp.Dropped(DropCause.NoBuffer)} {udp.Dropped(DropCause.BadChecksum)} 0 0\n");
        return text.ToString();
    }

    // The layers above IP count both versions together: they stand in the other file, and here 0.
    private string StatisticsOfIpv6()
    {
        StringBuilder text = new();
        LayerCounters ip = Of("IPv6"), icmp = Of("ICMPv6");
        (string Name, long Value)[] values =
        [
            ("Ip6InReceives", ip.Received), ("Ip6InHdrErrors", HeaderErrors(ip)), ("Ip6InTooBigErrors", 0), ("Ip6InNoRoutes", 0),
            ("Ip6InAddrErrors", AddressErrors(ip)), ("Ip6InUnknownProtos", ip.Dropped(DropCause.UnknownProtocol)), ("Ip6InTruncatedPkts", ip.Dropped(DropCause.Truncated)),
            ("Ip6InDiscards", Discards(ip)), ("Ip6InDelivers", Delivers(ip)), ("Ip6OutForwDatagrams", 0), ("Ip6OutRequests", ip.Sent), ("Ip6OutDiscards", 0),
            ("Ip6OutNoRoutes", ip.Dropped(DropCause.Unroutable)), ("Ip6ReasmTimeout", ip.Dropped(DropCause.Timeout)), ("Ip6ReasmReqds", ip.Fragments),
            ("Ip6ReasmOKs", ip.Reassembled), ("Ip6ReasmFails", ip.Dropped(DropCause.Timeout) + ip.Dropped(DropCause.Overlap)), ("Ip6FragOKs", 0),
            ("Ip6FragFails", ip.Dropped(DropCause.TooBig)), ("Ip6FragCreates", 0), ("Icmp6InMsgs", icmp.Received), ("Icmp6InErrors", HeaderErrors(icmp)),
            ("Icmp6OutMsgs", icmp.Sent), ("Icmp6OutErrors", 0), ("Icmp6InCsumErrors", icmp.Dropped(DropCause.BadChecksum)),
        ];
        foreach ((string name, long value) in values)
            Append(text, $"{name,-32}\t{value}\n");
        foreach (string name in NotCountedOfIpv6)
            Append(text, $"{name,-32}\t0\n");
        return text.ToString();
    }

    private static readonly string[] NotCountedOfIpv6 =
    [
        "Icmp6InDestUnreachs", "Icmp6InPktTooBigs", "Icmp6InTimeExcds", "Icmp6InParmProblems", "Icmp6InEchos", "Icmp6InEchoReplies", "Icmp6InGroupMembQueries",
        "Icmp6InGroupMembResponses", "Icmp6InGroupMembReductions", "Icmp6InRouterSolicits", "Icmp6InRouterAdvertisements", "Icmp6InNeighborSolicits",
        "Icmp6InNeighborAdvertisements", "Icmp6InRedirects", "Icmp6InMLDv2Reports", "Icmp6OutDestUnreachs", "Icmp6OutPktTooBigs", "Icmp6OutTimeExcds",
        "Icmp6OutParmProblems", "Icmp6OutEchos", "Icmp6OutEchoReplies", "Icmp6OutGroupMembQueries", "Icmp6OutGroupMembResponses", "Icmp6OutGroupMembReductions",
        "Icmp6OutRouterSolicits", "Icmp6OutRouterAdvertisements", "Icmp6OutNeighborSolicits", "Icmp6OutNeighborAdvertisements", "Icmp6OutRedirects",
        "Icmp6OutMLDv2Reports", "Udp6InDatagrams", "Udp6NoPorts", "Udp6InErrors", "Udp6OutDatagrams", "Udp6RcvbufErrors", "Udp6SndbufErrors", "Udp6InCsumErrors",
    ];
}
