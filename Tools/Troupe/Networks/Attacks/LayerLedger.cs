namespace Troupe.Tools.Networks.Attacks;

/// <summary>What a layer received beside what it handed on and what it dropped: nothing may be missing.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Received">Packets it received.</param>
/// <param name="Accounted">Packets it handed to a layer above, keeps as fragments, or dropped and counted.</param>
public sealed record LayerLedger(string Layer, long Received, long Accounted)
{
    // Of datagrams that did not become whole, of what was to be sent, and of what transports were to be told: not of packets received.
    private static readonly string[] _otherCauses = ["Timeout", "TableFull", "Unroutable", "TooBig", "NoBufferToSend", "ErrorNotTold"];

    /// <summary>Packets of which nobody knows what became of them; below zero where something to be sent was dropped for a cause that receiving has too.</summary>
    public long Missing => Received - Accounted;

    /// <summary>The ledgers of a stack, from its counters: "IPv4.received", "IPv4.dropped" and "IPv4.dropped.Timeout", and so on.</summary>
    public static IReadOnlyList<LayerLedger> Of(Func<string, long> counter)
    {
        ArgumentNullException.ThrowIfNull(counter);
        long Sum(params string[] names) => names.Sum(counter);
        long Dropped(string layer) => counter($"{layer}.dropped") - _otherCauses.Sum(cause => counter($"{layer}.dropped.{cause}"));
        return
        [
            new("Ethernet", counter("Ethernet.received"), counter("Ethernet.dropped") + Sum("IPv4.received", "IPv6.received", "ARP.received")),
            new("IPv4 and IPv6",
                Sum("IPv4.received", "IPv6.received", "IPv4.reassembled", "IPv6.reassembled"),
                Dropped("IPv4") + Dropped("IPv6") + Sum("IPv4.fragments", "IPv6.fragments", "ICMP.received", "IGMP.received", "ICMPv6.received", "TCP.received", "UDP.received")),
        ];
    }
}
