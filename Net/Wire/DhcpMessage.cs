// RFC 2131 2: the DHCP message; RFC 2132: its options; RFC 1542 and RFC 3396 for what a client must tolerate.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>RFC 2132 9.6: what a message is.</summary>
public enum DhcpMessageType : byte
{
    /// <summary>Not a DHCP message (BOOTP).</summary>
    None = 0,

    /// <summary>Client looks for servers.</summary>
    Discover = 1,

    /// <summary>Server offers an address.</summary>
    Offer = 2,

    /// <summary>Client asks for the offered, or to keep its address.</summary>
    Request = 3,

    /// <summary>Client found the address in use.</summary>
    Decline = 4,

    /// <summary>Server grants.</summary>
    Acknowledge = 5,

    /// <summary>Server refuses.</summary>
    NegativeAcknowledge = 6,

    /// <summary>Client gives the address back.</summary>
    Release = 7,
}

/// <summary>A validated DHCP message: the fields a client reads or writes.</summary>
public readonly record struct DhcpMessage
{
    /// <summary>Where a client listens.</summary>
    public const ushort ClientPort = 68;

    /// <summary>Where a server listens.</summary>
    public const ushort ServerPort = 67;

    /// <summary>RFC 1542 2.1: shorter messages are dropped by some relays.</summary>
    public const int MinimumLength = 300;

    private const int FixedLength = 240;
    private const uint MagicCookie = 0x63825363;
    private const byte BootRequest = 1;
    private const byte BootReply = 2;
    private const ushort BroadcastFlag = 0x8000;

    private const byte Pad = 0;
    private const byte SubnetMask = 1;
    private const byte Router = 3;
    private const byte DomainNameServer = 6;
    private const byte DomainName = 15;
    private const byte RequestedAddressOption = 50;
    private const byte LeaseTime = 51;
    private const byte MessageType = 53;
    private const byte ServerIdentifierOption = 54;
    private const byte ParameterRequestList = 55;
    private const byte MaximumMessageSize = 57;
    private const byte RenewalTime = 58;
    private const byte RebindingTime = 59;
    private const byte End = 255;

    /// <summary>What the message is.</summary>
    public DhcpMessageType Type { get; init; }

    /// <summary>xid: pairs answers with questions.</summary>
    public uint TransactionId { get; init; }

    /// <summary>secs: seconds since the client began.</summary>
    public ushort Seconds { get; init; }

    /// <summary>Whether the answer must be broadcast, because the client has no address yet.</summary>
    public bool Broadcast { get; init; }

    /// <summary>ciaddr: the address the client uses.</summary>
    public Ipv4Address ClientAddress { get; init; }

    /// <summary>yiaddr: the address the server offers or grants.</summary>
    public Ipv4Address YourAddress { get; init; }

    /// <summary>chaddr: the client's link address.</summary>
    public MacAddress ClientHardware { get; init; }

    /// <summary>Option 50.</summary>
    public Ipv4Address? RequestedAddress { get; init; }

    /// <summary>Option 54.</summary>
    public Ipv4Address? ServerIdentifier { get; init; }

    /// <summary>Option 1.</summary>
    public Ipv4Address? Mask { get; init; }

    /// <summary>Option 3, the first router.</summary>
    public Ipv4Address? Gateway { get; init; }

    /// <summary>Option 6, the first server.</summary>
    public Ipv4Address? NameServer { get; init; }

    /// <summary>Option 6, the second server.</summary>
    public Ipv4Address? SecondNameServer { get; init; }

    /// <summary>Option 15: the domain in which short names are tried.</summary>
    public string? Domain { get; init; }

    /// <summary>Option 51 in seconds.</summary>
    public uint? LeaseSeconds { get; init; }

    /// <summary>Option 58 in seconds.</summary>
    public uint? RenewalSeconds { get; init; }

    /// <summary>Option 59 in seconds.</summary>
    public uint? RebindingSeconds { get; init; }

    /// <summary>Reads a server's answer.</summary>
    public static WireError TryParseReply(ReadOnlySpan<byte> bytes, out DhcpMessage message) => TryParse(bytes, BootReply, out message);

    /// <summary>Reads a client's question (for servers in tests and tools).</summary>
    public static WireError TryParseRequest(ReadOnlySpan<byte> bytes, out DhcpMessage message) => TryParse(bytes, BootRequest, out message);

    /// <summary>Writes a client's message; returns its length, at least <see cref="MinimumLength"/>.</summary>
    public int WriteRequest(Span<byte> bytes) => Write(bytes, BootRequest);

    /// <summary>Writes a server's message; returns its length, at least <see cref="MinimumLength"/>.</summary>
    public int WriteReply(Span<byte> bytes) => Write(bytes, BootReply);

    private static WireError TryParse(ReadOnlySpan<byte> bytes, byte operation, out DhcpMessage message)
    {
        message = default;
        if (bytes.Length < FixedLength)
            return WireError.Truncated;
        if (bytes[0] != operation || bytes[1] != 1 || bytes[2] != MacAddress.Length ||
            BinaryPrimitives.ReadUInt32BigEndian(bytes[236..]) != MagicCookie)
            return WireError.BadField;

        DhcpMessage parsed = new()
        {
            TransactionId = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            Seconds = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]),
            Broadcast = (BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]) & BroadcastFlag) != 0,
            ClientAddress = Ipv4Address.Read(bytes[12..]),
            YourAddress = Ipv4Address.Read(bytes[16..]),
            ClientHardware = MacAddress.Read(bytes[28..]),
        };

        ReadOnlySpan<byte> options = bytes[FixedLength..];
        while (options.Length > 0 && options[0] != End)
        {
            if (options[0] == Pad)
            {
                options = options[1..];
                continue;
            }

            if (options.Length < 2 || options.Length < 2 + options[1])
                return WireError.BadOption;
            ReadOnlySpan<byte> value = options.Slice(2, options[1]);
            if (!TryApply(ref parsed, options[0], value))
                return WireError.BadOption;
            options = options[(2 + value.Length)..];
        }

        message = parsed;
        return WireError.None;
    }

    private static bool TryApply(ref DhcpMessage message, byte option, ReadOnlySpan<byte> value)
    {
        switch (option)
        {
            case MessageType:
                if (value.Length != 1)
                    return false;
                message = message with { Type = (DhcpMessageType)value[0] };
                return true;
            // Lists of addresses: the first is the preferred one (RFC 2132 3.5, 3.8).
            case Router or DomainNameServer:
                if (value.Length < 4 || value.Length % 4 != 0)
                    return false;
                Ipv4Address first = Ipv4Address.Read(value);
                message = option == Router
                    ? message with { Gateway = first }
                    : message with { NameServer = first, SecondNameServer = value.Length >= 8 ? Ipv4Address.Read(value[4..]) : null };
                return true;
            case DomainName:
                // What is no domain is left out: an honest server may say anything here, and others anything at all.
                message = message with { Domain = ReadDomain(value) };
                return true;
            case SubnetMask or RequestedAddressOption or ServerIdentifierOption or LeaseTime or RenewalTime or RebindingTime:
                if (value.Length != 4)
                    return false;
                uint word = BinaryPrimitives.ReadUInt32BigEndian(value);
                message = option switch
                {
                    SubnetMask => message with { Mask = new(word) },
                    RequestedAddressOption => message with { RequestedAddress = new(word) },
                    ServerIdentifierOption => message with { ServerIdentifier = new(word) },
                    LeaseTime => message with { LeaseSeconds = word },
                    RenewalTime => message with { RenewalSeconds = word },
                    _ => message with { RebindingSeconds = word },
                };
                return true;
            default:
                return true;
        }
    }

    private int Write(Span<byte> bytes, byte operation)
    {
        bytes[..MinimumLength].Clear();
        bytes[0] = operation;
        bytes[1] = 1;
        bytes[2] = MacAddress.Length;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], TransactionId);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[8..], Seconds);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[10..], Broadcast ? BroadcastFlag : (ushort)0);
        ClientAddress.Write(bytes[12..]);
        YourAddress.Write(bytes[16..]);
        ClientHardware.Write(bytes[28..]);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[236..], MagicCookie);

        int at = FixedLength;
        bytes[at++] = MessageType;
        bytes[at++] = 1;
        bytes[at++] = (byte)Type;
        WriteWord(bytes, ref at, RequestedAddressOption, RequestedAddress?.Value);
        WriteWord(bytes, ref at, ServerIdentifierOption, ServerIdentifier?.Value);
        WriteWord(bytes, ref at, SubnetMask, Mask?.Value);
        WriteWord(bytes, ref at, Router, Gateway?.Value);
        WriteNameServers(bytes, ref at);
        WriteDomain(bytes, ref at);
        WriteWord(bytes, ref at, LeaseTime, LeaseSeconds);
        WriteWord(bytes, ref at, RenewalTime, RenewalSeconds);
        WriteWord(bytes, ref at, RebindingTime, RebindingSeconds);
        if (operation == BootRequest && Type is (DhcpMessageType.Discover or DhcpMessageType.Request))
        {
            ReadOnlySpan<byte> wanted =
                [ParameterRequestList, 7, SubnetMask, Router, DomainNameServer, DomainName, LeaseTime, RenewalTime, RebindingTime, MaximumMessageSize, 2, 0x05, 0xDC];
            wanted.CopyTo(bytes[at..]);
            at += wanted.Length;
        }

        bytes[at++] = End;
        return Math.Max(at, MinimumLength);
    }

    private static string? ReadDomain(ReadOnlySpan<byte> value)
    {
        value = value.TrimEnd((byte)0);
        foreach (byte octet in value)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'_' or (byte)'.'))
                return null;
        }

        return value.IsEmpty ? null : System.Text.Encoding.ASCII.GetString(value);
    }

    private void WriteNameServers(Span<byte> bytes, ref int at)
    {
        if (NameServer is not { } first)
            return;
        int length = SecondNameServer is null ? 4 : 8;
        bytes[at] = DomainNameServer;
        bytes[at + 1] = (byte)length;
        first.Write(bytes[(at + 2)..]);
        SecondNameServer?.Write(bytes[(at + 6)..]);
        at += 2 + length;
    }

    private void WriteDomain(Span<byte> bytes, ref int at)
    {
        if (Domain is not { Length: > 0 and <= 255 } domain)
            return;
        bytes[at] = DomainName;
        bytes[at + 1] = (byte)domain.Length;
        at += 2 + System.Text.Encoding.ASCII.GetBytes(domain, bytes[(at + 2)..]);
    }

    private static void WriteWord(Span<byte> bytes, ref int at, byte option, uint? value)
    {
        if (value is not { } word)
            return;
        bytes[at] = option;
        bytes[at + 1] = 4;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[(at + 2)..], word);
        at += 6;
    }
}
