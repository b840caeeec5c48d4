// RFC 8415 8 and 21: the DHCPv6 message and its options, as a client reads and writes them that asks for information alone; RFC 3646: DNS servers and domains.
using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Troupe.Net.Wire;

/// <summary>RFC 8415 7.3: what a message is.</summary>
public enum Dhcpv6MessageType : byte
{
    /// <summary>A server's answer.</summary>
    Reply = 7,

    /// <summary>A client wants information, and no address.</summary>
    InformationRequest = 11,
}

/// <summary>A DHCPv6 message: the fields that a stateless client reads or writes.</summary>
public sealed record Dhcpv6Message
{
    /// <summary>Where a client listens.</summary>
    public const ushort ClientPort = 546;

    /// <summary>Where servers and relays listen.</summary>
    public const ushort ServerPort = 547;

    /// <summary>RFC 8415 5.1: a transaction's identifier has 24 bits.</summary>
    public const uint LargestTransactionId = 0xFF_FFFF;

    /// <summary>Octets of the largest question.</summary>
    public const int MaximumRequestLength = HeaderLength + (4 + HardwareIdentifierLength) + (4 + 2) + (4 + 8);

    // RFC 8415 11.1: no identifier is longer, its type included.
    private const int LongestIdentifier = 130;
    private const int HeaderLength = 4;
    private const int HardwareIdentifierLength = 4 + MacAddress.Length;
    private const ushort ClientIdentifierOption = 1;
    private const ushort ServerIdentifierOption = 2;
    private const ushort OptionRequest = 6;
    private const ushort ElapsedTime = 8;
    private const ushort StatusCode = 13;
    private const ushort DnsServers = 23;
    private const ushort DomainList = 24;
    private const ushort InformationRefreshTime = 32;
    private const ushort LongestRetransmissionOption = 83;

    /// <summary>All_DHCP_Relay_Agents_and_Servers.</summary>
    public static Ipv6Address AllServers => new(0xFF02UL << 48, 0x1_0002);

    /// <summary>What the message is.</summary>
    public Dhcpv6MessageType Type { get; init; }

    /// <summary>transaction-id: pairs answers with questions.</summary>
    public uint TransactionId { get; init; }

    /// <summary>Option 1: whom it is from or for, as it was written; empty for none.</summary>
    public ImmutableArray<byte> ClientIdentifier { get; init; } = [];

    /// <summary>Option 2: which server it is from; empty for none.</summary>
    public ImmutableArray<byte> ServerIdentifier { get; init; } = [];

    /// <summary>Option 8: hundredths of a second since the client's first question of this transaction.</summary>
    public ushort ElapsedHundredths { get; init; }

    /// <summary>Option 13: how it went; 0 for well, which is also what is meant when nothing is said.</summary>
    public ushort Status { get; init; }

    /// <summary>Option 23, the preferred one first.</summary>
    public ImmutableArray<Ipv6Address> NameServers { get; init; } = [];

    /// <summary>Option 24.</summary>
    public ImmutableArray<string> Domains { get; init; } = [];

    /// <summary>Option 32: for how many seconds the information holds; all ones for ever.</summary>
    public uint? RefreshSeconds { get; init; }

    /// <summary>Option 83, INF_MAX_RT: the longest time between two questions, in seconds.</summary>
    public uint? LongestRetransmissionSeconds { get; init; }

    /// <summary>RFC 8415 11.4, DUID-LL: the identifier of a host that has nothing to remember another one on.</summary>
    public static ImmutableArray<byte> IdentifierOf(MacAddress hardware)
    {
        byte[] identifier = new byte[HardwareIdentifierLength];
        identifier[1] = 3;
        identifier[3] = 1;
        hardware.Write(identifier.AsSpan(4));
        return [.. identifier];
    }

    /// <summary>Reads a message, so many servers and domains of it at most. What is malformed in an option makes the whole message bad.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> bytes, int entries, out Dhcpv6Message message)
    {
        message = new();
        if (bytes.Length < HeaderLength)
            return WireError.Truncated;
        Dhcpv6Message parsed = new()
        {
            Type = (Dhcpv6MessageType)bytes[0],
            TransactionId = BinaryPrimitives.ReadUInt32BigEndian(bytes) & LargestTransactionId,
        };
        ReadOnlySpan<byte> options = bytes[HeaderLength..];
        while (options.Length > 0)
        {
            if (options.Length < 4 || options.Length < 4 + BinaryPrimitives.ReadUInt16BigEndian(options[2..]))
                return WireError.BadOption;
            ReadOnlySpan<byte> value = options.Slice(4, BinaryPrimitives.ReadUInt16BigEndian(options[2..]));
            if (!TryApply(ref parsed, BinaryPrimitives.ReadUInt16BigEndian(options), value, entries))
                return WireError.BadOption;
            options = options[(4 + value.Length)..];
        }

        message = parsed;
        return WireError.None;
    }

    /// <summary>
    /// Writes a message and returns its octets; a question asks for DNS servers, domains, and how long both hold, and never has more than
    /// <see cref="MaximumRequestLength"/> with an identifier of <see cref="IdentifierOf"/>.
    /// </summary>
    public int Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, ((uint)Type << 24) | TransactionId);
        int at = HeaderLength;
        if (!ClientIdentifier.IsEmpty)
            ClientIdentifier.AsSpan().CopyTo(Begin(bytes, ref at, ClientIdentifierOption, ClientIdentifier.Length));
        if (!ServerIdentifier.IsEmpty)
            ServerIdentifier.AsSpan().CopyTo(Begin(bytes, ref at, ServerIdentifierOption, ServerIdentifier.Length));
        if (Type == Dhcpv6MessageType.InformationRequest)
        {
            // RFC 8415 18.2.6: these are a must.
            BinaryPrimitives.WriteUInt16BigEndian(Begin(bytes, ref at, ElapsedTime, 2), ElapsedHundredths);
            Span<byte> wanted = Begin(bytes, ref at, OptionRequest, 8);
            BinaryPrimitives.WriteUInt16BigEndian(wanted, DnsServers);
            BinaryPrimitives.WriteUInt16BigEndian(wanted[2..], DomainList);
            BinaryPrimitives.WriteUInt16BigEndian(wanted[4..], InformationRefreshTime);
            BinaryPrimitives.WriteUInt16BigEndian(wanted[6..], LongestRetransmissionOption);
            return at;
        }

        if (Status != 0)
            BinaryPrimitives.WriteUInt16BigEndian(Begin(bytes, ref at, StatusCode, 2), Status);
        WriteLists(bytes, ref at);
        if (RefreshSeconds is { } refresh)
            BinaryPrimitives.WriteUInt32BigEndian(Begin(bytes, ref at, InformationRefreshTime, 4), refresh);
        if (LongestRetransmissionSeconds is { } longest)
            BinaryPrimitives.WriteUInt32BigEndian(Begin(bytes, ref at, LongestRetransmissionOption, 4), longest);
        return at;
    }

    private static bool TryApply(ref Dhcpv6Message message, ushort option, ReadOnlySpan<byte> value, int entries)
    {
        switch (option)
        {
            case ClientIdentifierOption or ServerIdentifierOption:
                if (value.Length is < 3 or > LongestIdentifier)
                    return false;
                message = option == ClientIdentifierOption ? message with { ClientIdentifier = [.. value] } : message with { ServerIdentifier = [.. value] };
                return true;
            case ElapsedTime:
                if (value.Length != 2)
                    return false;
                message = message with { ElapsedHundredths = BinaryPrimitives.ReadUInt16BigEndian(value) };
                return true;
            case StatusCode:
                if (value.Length < 2)
                    return false;
                message = message with { Status = BinaryPrimitives.ReadUInt16BigEndian(value) };
                return true;
            case DnsServers:
                if (value.Length % Ipv6Address.Length != 0)
                    return false;
                message = message with { NameServers = ReadServers(value, entries) };
                return true;
            case DomainList:
                message = message with { Domains = ReadDomains(value, entries) };
                return true;
            case InformationRefreshTime or LongestRetransmissionOption:
                if (value.Length != 4)
                    return false;
                uint seconds = BinaryPrimitives.ReadUInt32BigEndian(value);
                message = option == InformationRefreshTime ? message with { RefreshSeconds = seconds } : message with { LongestRetransmissionSeconds = seconds };
                return true;
            default:
                return true;
        }
    }

    private static ImmutableArray<Ipv6Address> ReadServers(ReadOnlySpan<byte> value, int entries)
    {
        ImmutableArray<Ipv6Address>.Builder servers = ImmutableArray.CreateBuilder<Ipv6Address>();
        for (; value.Length > 0 && servers.Count < entries; value = value[Ipv6Address.Length..])
        {
            if (Ipv6Address.Read(value) is { IsUnicast: true } server)
                servers.Add(server);
        }

        return servers.ToImmutable();
    }

    private static ImmutableArray<string> ReadDomains(ReadOnlySpan<byte> value, int entries)
    {
        ImmutableArray<string>.Builder domains = ImmutableArray.CreateBuilder<string>();
        while (domains.Count < entries && DomainNames.TryTake(ref value, out string domain))
            domains.Add(domain);
        return domains.ToImmutable();
    }

    private void WriteLists(Span<byte> bytes, ref int at)
    {
        if (!NameServers.IsEmpty)
        {
            Span<byte> servers = Begin(bytes, ref at, DnsServers, NameServers.Length * Ipv6Address.Length);
            for (int index = 0; index < NameServers.Length; index++)
                NameServers[index].Write(servers[(index * Ipv6Address.Length)..]);
        }

        if (Domains.IsEmpty)
            return;
        int length = 0;
        foreach (string domain in Domains)
            length += DnsName.Write(bytes[(at + 4 + length)..], domain);
        Begin(bytes, ref at, DomainList, length);
    }

    // An option's head; its value is for the caller to write.
    private static Span<byte> Begin(Span<byte> bytes, ref int at, ushort option, int length)
    {
        BinaryPrimitives.WriteUInt16BigEndian(bytes[at..], option);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[(at + 2)..], (ushort)length);
        Span<byte> value = bytes.Slice(at + 4, length);
        at += 4 + length;
        return value;
    }
}
