// RFC 1035 4: the DNS message; RFC 6891: EDNS0; RFC 2308 5: how long a negative answer holds.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>Record types this stack asks for or reads.</summary>
public enum DnsType : ushort
{
    /// <summary>An IPv4 address.</summary>
    A = 1,

    /// <summary>Another name for the same.</summary>
    Cname = 5,

    /// <summary>The start of a zone.</summary>
    Soa = 6,

    /// <summary>RFC 3596: an IPv6 address.</summary>
    Aaaa = 28,

    /// <summary>RFC 6891: what the sender can do.</summary>
    Opt = 41,
}

/// <summary>RFC 1035 4.1.1: what a server makes of a question.</summary>
public enum DnsResponseCode : byte
{
    /// <summary>An answer, perhaps an empty one.</summary>
    NoError = 0,

    /// <summary>It could not read the question.</summary>
    FormatError = 1,

    /// <summary>It has a problem.</summary>
    ServerFailure = 2,

    /// <summary>There is no such name.</summary>
    NameError = 3,

    /// <summary>It does not do that.</summary>
    NotImplemented = 4,

    /// <summary>It does not want to.</summary>
    Refused = 5,
}

/// <summary>A question for the addresses of a name.</summary>
public static class DnsQuery
{
    /// <summary>Octets of the largest question.</summary>
    public const int MaximumLength = HeaderLength + DnsName.MaximumLength + 4 + OptLength;

    /// <summary>What UDP carries without fragments nearly everywhere (DNS flag day 2020).</summary>
    public const ushort PayloadSize = 1232;

    internal const int HeaderLength = 12;
    private const int OptLength = 11;
    private const ushort RecursionDesired = 0x0100;
    private const ushort Internet = 1;

    /// <summary>Writes a question; returns its octets.</summary>
    public static int Write(Span<byte> bytes, ushort id, string name, DnsType type, bool extended)
    {
        bytes[..HeaderLength].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, id);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], RecursionDesired);
        bytes[5] = 1;
        bytes[11] = extended ? (byte)1 : (byte)0;
        int at = HeaderLength + DnsName.Write(bytes[HeaderLength..], name);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[at..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[(at + 2)..], Internet);
        at += 4;
        if (!extended)
            return at;
        bytes.Slice(at, OptLength).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(bytes[(at + 1)..], (ushort)DnsType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[(at + 3)..], PayloadSize);
        return at + OptLength;
    }
}

/// <summary>A server's answer, its sections read in place and in order.</summary>
public readonly ref struct DnsAnswer
{
    // RFC 2181 8: a time to live with the highest bit set is none.
    private const uint LargestTimeToLive = int.MaxValue;
    private const int MaximumRecords = 128;

    private readonly ReadOnlySpan<byte> _message;
    private readonly int _records;

    private DnsAnswer(ReadOnlySpan<byte> message, int records)
    {
        _message = message;
        _records = records;
    }

    /// <summary>The question's identifier.</summary>
    public ushort Id => BinaryPrimitives.ReadUInt16BigEndian(_message);

    /// <summary>TC: there is more than fitted.</summary>
    public bool IsTruncated => (_message[2] & 0x02) != 0;

    /// <summary>What the server makes of the question.</summary>
    public DnsResponseCode Code => (DnsResponseCode)(_message[3] & 0x0F);

    private int AnswerCount => BinaryPrimitives.ReadUInt16BigEndian(_message[6..]);

    private int AuthorityCount => BinaryPrimitives.ReadUInt16BigEndian(_message[8..]);

    /// <summary>Reads an answer and makes sure that it is one to this question (RFC 5452 9.1).</summary>
    public static WireError TryParse(ReadOnlySpan<byte> message, ushort id, string name, DnsType type, out DnsAnswer answer)
    {
        answer = default;
        if (message.Length < DnsQuery.HeaderLength)
            return WireError.Truncated;
        // QR set, OPCODE 0, one question.
        if (BinaryPrimitives.ReadUInt16BigEndian(message) != id || (message[2] & 0xF8) != 0x80 || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
            return WireError.BadField;
        int at = DnsQuery.HeaderLength;
        if (!DnsName.TryRead(message, ref at, out string asked) || message.Length < at + 4)
            return WireError.Truncated;
        if (asked != name || BinaryPrimitives.ReadUInt16BigEndian(message[at..]) != (ushort)type || BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]) != 1)
            return WireError.BadField;
        answer = new(message, at + 4);
        return WireError.None;
    }

    /// <summary>
    /// The addresses of a name, through the other names the answer gives for it. False when the answer is malformed.
    /// </summary>
    /// <param name="name">The name; becomes the last one of the chain.</param>
    /// <param name="type">A or AAAA.</param>
    /// <param name="links">Other names to follow at most; what was followed is taken off.</param>
    /// <param name="addresses">Gets the addresses.</param>
    /// <param name="maximum">How many at most.</param>
    /// <param name="seconds">The shortest time to live on the way; only lowered.</param>
    public bool TryReadAddresses(ref string name, DnsType type, ref int links, ICollection<IpAddress> addresses, int maximum, ref uint seconds)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        // Links may stand in any order, so each is looked for from the beginning; links are few, and so are records.
        while (true)
        {
            string? alias = null;
            int at = _records;
            for (int record = 0; record < Math.Min(AnswerCount, MaximumRecords); record++)
            {
                if (!TryReadRecord(ref at, out string? owner, out DnsType found, out uint lifetime, out int data, out int length))
                    return false;
                if (owner != name)
                    continue;
                if (found == type && length == (type == DnsType.A ? Ipv4Address.Length : Ipv6Address.Length))
                {
                    IpAddress address = type == DnsType.A ? Ipv4Address.Read(_message[data..]) : Ipv6Address.Read(_message[data..]);
                    // A mapped address is none of IPv6 on the wire.
                    if (addresses.Count < maximum && !address.IsAny && !address.IsMulticast && address.IsIpv4 == (type == DnsType.A))
                        addresses.Add(address);
                    seconds = Math.Min(seconds, lifetime);
                }
                else if (found == DnsType.Cname && alias is null)
                {
                    int target = data;
                    if (!DnsName.TryRead(_message, ref target, out string other))
                        return false;
                    alias = other;
                    seconds = Math.Min(seconds, lifetime);
                }
            }

            if (addresses.Count > 0 || alias is null || alias.Length == 0)
                return true;
            if (links-- <= 0)
                return false;
            name = alias;
        }
    }

    /// <summary>RFC 2308 5: how long it holds that there is no such thing; null when the server does not say.</summary>
    public uint? ReadNegativeSeconds()
    {
        int at = _records;
        int answers = Math.Min(AnswerCount, MaximumRecords);
        for (int record = 0; record < answers + Math.Min(AuthorityCount, MaximumRecords); record++)
        {
            if (!TryReadRecord(ref at, out _, out DnsType type, out uint lifetime, out int data, out int length))
                return null;
            if (record < answers || type != DnsType.Soa)
                continue;
            int end = data + length;
            if (!DnsName.TrySkip(_message[..end], ref data) || !DnsName.TrySkip(_message[..end], ref data) || end < data + 20)
                return null;
            uint minimum = BinaryPrimitives.ReadUInt32BigEndian(_message[(data + 16)..]);
            return Math.Min(lifetime, minimum > LargestTimeToLive ? 0 : minimum);
        }

        return null;
    }

    // The owner is null when it is no host's name.
    private bool TryReadRecord(ref int at, out string? owner, out DnsType type, out uint seconds, out int data, out int length)
    {
        (owner, type, seconds, data, length) = (null, default, 0, 0, 0);
        int name = at;
        if (!DnsName.TrySkip(_message, ref at) || _message.Length < at + 10)
            return false;
        if (DnsName.TryRead(_message, ref name, out string read))
            owner = read;
        type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(_message[at..]);
        bool internet = BinaryPrimitives.ReadUInt16BigEndian(_message[(at + 2)..]) == 1;
        seconds = BinaryPrimitives.ReadUInt32BigEndian(_message[(at + 4)..]);
        if (seconds > LargestTimeToLive)
            seconds = 0;
        length = BinaryPrimitives.ReadUInt16BigEndian(_message[(at + 8)..]);
        data = at + 10;
        at = data + length;
        if (!internet)
            type = default;
        return at <= _message.Length;
    }
}
