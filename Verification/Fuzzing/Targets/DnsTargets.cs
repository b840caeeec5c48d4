using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>Names and what makes them long.</summary>
internal static class DnsNames
{
    /// <summary>A label of the longest, one of the shortest, an end, a pointer.</summary>
    public static readonly byte[][] Labels = [[63, .. Enumerable.Repeat((byte)'a', 63)], [1, (byte)'b'], [0], [0xC0, 12], [0xC0, 0]];

    /// <summary>The longest name there is.</summary>
    public static readonly byte[] Longest = [.. Labels[0], .. Labels[0], .. Labels[0], 61, .. Enumerable.Repeat((byte)'c', 61), 0];
}

/// <summary>Names on the wire, from any place in a message. An input that begins with 255 is a list of the labels' lengths.</summary>
internal sealed class DnsNameTarget() : FuzzTarget("dns-name")
{
    private const int ByLengths = 255;

    // More than the longest name has (RFC 1035 2.3.4); the allocations of longer lists would be this target's own.
    private const int MostLengths = 128;

    public override IEnumerable<byte[]> Seeds => [[ByLengths, 63, 63, 63, 60], [0, 1, (byte)'a', 0], [3, 1, (byte)'a', 0, 1, (byte)'B', 0xC0, 0], [0, .. DnsNames.Longest], [254, .. DnsNames.Longest, 1, (byte)'d', 0xC0, 0]];

    public override IReadOnlyList<byte[]> Words => DnsNames.Labels;

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        int start = reader.Byte();
        ReadOnlySpan<byte> message = reader.Rest();
        if (start == ByLengths)
        {
            start = 0;
            message = OfLengths(message);
        }

        int skipped = start;
        bool isSkipped = DnsName.TrySkip(message, ref skipped);
        Require(!isSkipped || skipped <= message.Length, "the step over a name leaves the message");
        int at = start;
        if (!DnsName.TryRead(message, ref at, out string name))
            return;
        Require(isSkipped && skipped == at, "a name that can be read ends elsewhere than where it is stepped over");
        Require(name.Length == 0 || DnsName.Normalize(name) == name, $"'{name}' was read and is no name");
        byte[] written = new byte[DnsName.MaximumLength];
        int length = DnsName.Write(written, name);
        int again = 0;
        Require(DnsName.TryRead(written.AsSpan(0, length), ref again, out string read) && read == name && again == length, $"'{name}' changes when it is written");
    }

    private static byte[] OfLengths(ReadOnlySpan<byte> lengths)
    {
        List<byte> name = [];
        foreach (byte length in lengths[..Math.Min(lengths.Length, MostLengths)])
        {
            name.Add((byte)(length % 64));
            name.AddRange(Enumerable.Repeat((byte)'a', length % 64));
        }

        return [.. name, 0];
    }
}

/// <summary>Answers of DNS servers to a question for addresses.</summary>
internal sealed class DnsAnswerTarget() : FuzzTarget("dns-answer")
{
    private const string Asked = "a.test";
    private const int MostAddresses = 4;

    public override long MostAllocated => 4 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        [0, .. Dns.Answer(7, Asked, DnsType.A, (Asked, DnsType.A, 60, [192, 0, 2, 1]), (Asked, DnsType.A, 60, [192, 0, 2, 2]))],
        [1, .. Dns.Answer(7, Asked, DnsType.Aaaa, (Asked, DnsType.Aaaa, 60, new byte[16]))],
        [0, .. Dns.Answer(7, Asked, DnsType.A, (Asked, DnsType.Cname, 9, [1, (byte)'b', 0]), ("b", DnsType.A, 60, [192, 0, 2, 2]))],
        [0, .. Dns.Negative(7, Asked, DnsType.A)],
    ];

    public override IReadOnlyList<byte[]> Words => [.. DnsNames.Labels, [0, 1, 0, 1], [0, 5, 0, 1], [0, 6, 0, 1], [0, 28, 0, 1], [0, 4, 192, 0, 2, 1]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        DnsType type = (reader.Byte() & 1) == 0 ? DnsType.A : DnsType.Aaaa;
        if (DnsAnswer.TryParse(reader.Rest(), 7, Asked, type, out DnsAnswer answer) != WireError.None)
            return;
        Require(answer.Id == 7, "the identifier is another");
        string name = Asked;
        int links = 8;
        uint seconds = uint.MaxValue;
        List<IpAddress> addresses = [];
        bool isRead = answer.TryReadAddresses(ref name, type, ref links, addresses, MostAddresses, ref seconds);
        Require(addresses.Count <= MostAddresses && links >= -1, "there is more than was asked for");
        Require(addresses.TrueForAll(address => address.IsIpv4 == (type == DnsType.A) && address is { IsAny: false, IsMulticast: false }), "an address is none of a host");
        Require(!isRead || DnsName.Normalize(name) == name, $"'{name}' is what to ask for next, and no name");
        if (isRead && addresses.Count == 0)
        {
            byte[] question = new byte[DnsQuery.MaximumLength];
            DnsQuery.Write(question, 7, name, type, extended: true);
        }

        answer.ReadNegativeSeconds();
    }
}
