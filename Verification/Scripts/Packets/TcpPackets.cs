// RFC 9293, as scripts write it: "syn ack=1 mss=1460", "seq=1 ack=1 len=100 win=500", "rst seq=1".
using System.Globalization;
using System.Text;
using Troupe.Net.Wire;

namespace Troupe.Verification.Scripts;

/// <summary>Segments.</summary>
internal static class TcpPackets
{
    private static readonly (string Name, TcpFlags Flag)[] _flags =
    [
        ("syn", TcpFlags.Syn), ("fin", TcpFlags.Fin), ("rst", TcpFlags.Rst), ("psh", TcpFlags.Psh), ("urg", TcpFlags.Urg), ("ece", TcpFlags.Ece), ("cwr", TcpFlags.Cwr),
    ];

    public static IEnumerable<byte[]> Build(Statement line, Flow flow)
    {
        if (line.Find("isn") is { } isn)
            flow.PeerInitial = (uint)isn.Number;
        ushort from = (ushort)line.Number("from", flow.PeerPort);
        ushort to = (ushort)line.Number("to", flow.LocalPort);
        // What is sent to a port is answered from there.
        (flow.PeerPort, flow.LocalPort) = (from, to);
        if (to == 0)
            throw line.Verb.Wrong("To which port? There is no listener or connection yet: say to=80.");
        TcpFlags flags = Flags(line);
        if (!line.Has("syn") && !line.Has("seq"))
            throw line.Verb.Wrong("A segment needs seq=... (the SYN has 0, the first octet 1).");
        long sequence = line.Number("seq", 0);
        Word? acknowledges = line.Find("ack");
        uint acknowledgement = acknowledges is null || acknowledges.IsAny ? 0 : (flow.HostInitial ?? 0) + (uint)acknowledges.Number;
        int length = (int)line.Number("len", 0);
        TcpHeader header = new(
            from, to, new(flow.PeerInitial + (uint)sequence), new(acknowledgement), flags, (ushort)line.Number("win", 65_535), Options(line, flow));
        byte[] raw = line.Find("raw-options") is { } octets ? Convert.FromHexString(octets.Text) : [];
        if (raw.Length % 4 != 0)
            throw line.Find("raw-options")!.Wrong("A header is of whole words: the options are of a multiple of four octets.");
        byte[] segment = new byte[header.Length + raw.Length + length];
        Flow.Octets(sequence + (line.Has("syn") ? 1 : 0), length).CopyTo(segment, header.Length + raw.Length);
        raw.CopyTo(segment, header.Length);
        header.Write(segment, Ipv4Packets.Source(line), Ipv4Packets.Destination(line));
        if (raw.Length > 0 || line.Has("urgent"))
        {
            raw.CopyTo(segment, header.Length);
            segment[12] = (byte)((header.Length + raw.Length) / 4 << 4);
            ushort urgent = (ushort)line.Number("urgent", 0);
            segment[18] = (byte)(urgent >> 8);
            segment[19] = (byte)urgent;
            Sum(segment, Ipv4Packets.Source(line), Ipv4Packets.Destination(line));
        }

        if (line.Has("bad-sum"))
            segment[16] ^= 0x55;
        return Ipv4Packets.Wrap(line, IpProtocol.Tcp, segment);
    }

    public static string? Mismatch(Statement line, Frame frame, Flow flow, string expectedFlow)
    {
        (TcpHeader header, byte[] data) = Read(frame);
        if (flow.Name != expectedFlow)
            return $"it is of connection '{flow.Name}', not of '{expectedFlow}'";
        TcpFlags flags = Flags(line);
        TcpFlags ignored = line.Has("psh") || line.Has("-psh") ? TcpFlags.None : TcpFlags.Psh;
        if ((header.Flags & ~ignored) != (flags & ~ignored))
            return $"flags are {header.Flags & ~ignored}, not {flags & ~ignored}";
        uint initial = flow.HostInitial ?? 0;
        return line.Mismatch("seq", (int)(header.Sequence.Value - initial))
            ?? (header.Has(TcpFlags.Ack) ? line.Mismatch("ack", (int)(header.Acknowledgement.Value - flow.PeerInitial)) : null)
            ?? (line.Has("len") ? line.Mismatch("len", data.Length) : data.Length == 0 ? null : $"len={data.Length}, but none is expected")
            ?? line.Mismatch("win", header.Window) ?? line.Mismatch("from", header.SourcePort) ?? line.Mismatch("to", header.DestinationPort)
            ?? OptionsMismatch(line, header.Options, flow) ?? DataMismatch(header, data, flow) ?? Ipv4Packets.Mismatch(line, frame);
    }

    public static (TcpHeader Header, byte[] Data) Read(Frame frame)
    {
        byte[] segment = frame.Payload;
        WireError error = TcpHeader.TryParse(segment, frame.Ip.Source, frame.Ip.Destination, out TcpHeader header, out int length);
        if (error is not WireError.None)
            TcpHeader.TryParseValidated(segment, out header, out length);
        return (header, segment[Math.Clamp(length, 0, segment.Length)..]);
    }

    public static string Describe(Frame frame, Flow flow)
    {
        (TcpHeader header, byte[] data) = Read(frame);
        StringBuilder text = new();
        if (flow.Name.Length > 0)
            text.Append('@').Append(flow.Name).Append(' ');
        foreach ((string name, TcpFlags flag) in _flags)
        {
            if (header.Has(flag))
                text.Append(name).Append(' ');
        }

        (uint own, uint other) = frame.IsFromHost ? (flow.HostInitial ?? 0, flow.PeerInitial) : (flow.PeerInitial, flow.HostInitial ?? 0);
        text.Append(CultureInfo.InvariantCulture, $"seq={(int)(header.Sequence.Value - own)}");
        if (header.Has(TcpFlags.Ack))
            text.Append(CultureInfo.InvariantCulture, $" ack={(int)(header.Acknowledgement.Value - other)}");
        if (data.Length > 0)
            text.Append(CultureInfo.InvariantCulture, $" len={data.Length}");
        text.Append(CultureInfo.InvariantCulture, $" win={header.Window}");
        TcpOptions options = header.Options;
        if (options.MaximumSegmentSize is { } size)
            text.Append(CultureInfo.InvariantCulture, $" mss={size}");
        if (options.WindowScale is { } scale)
            text.Append(CultureInfo.InvariantCulture, $" wscale={scale}");
        if (options.SackPermitted)
            text.Append(" sackok");
        if (options.Timestamps is { } timestamps)
            text.Append(CultureInfo.InvariantCulture, $" ts={timestamps.Value}/{timestamps.EchoReply}");
        if (options.UserTimeout is { } timeout)
            text.Append(CultureInfo.InvariantCulture, $" uto={timeout}");
        if (options.Sack.Count > 0)
            text.Append(" sack=").Append(Blocks(options.Sack, other));
        if ((frame.TrafficClass & 3) != 0)
            text.Append(CultureInfo.InvariantCulture, $" ecn={frame.TrafficClass & 3}");
        return text.ToString();
    }

    public static void Sum(byte[] segment, Ipv4Address source, Ipv4Address destination)
    {
        segment[16] = segment[17] = 0;
        ulong sum = InternetChecksum.AddPseudoHeader(0, source, destination, (byte)IpProtocol.Tcp, segment.Length);
        ushort checksum = InternetChecksum.Finish(InternetChecksum.Add(sum, segment));
        segment[16] = (byte)(checksum >> 8);
        segment[17] = (byte)checksum;
    }

    private static TcpFlags Flags(Statement line)
    {
        TcpFlags flags = line.Has("ack") ? TcpFlags.Ack : TcpFlags.None;
        foreach ((string name, TcpFlags flag) in _flags)
            flags |= line.Has(name) ? flag : TcpFlags.None;
        return flags;
    }

    private static TcpOptions Options(Statement line, Flow flow) => new()
    {
        MaximumSegmentSize = line.Find("mss") is { } size ? (ushort)size.Number : null,
        WindowScale = line.Find("wscale") is { } scale ? (byte)scale.Number : null,
        SackPermitted = line.Has("sackok"),
        Timestamps = line.Find("ts") is { } timestamps ? Timestamps(timestamps, flow) : null,
        UserTimeout = line.Find("uto") is { } timeout ? (ushort)timeout.Number : null,
        Sack = line.Find("sack") is { } sack ? ParseBlocks(sack, flow.HostInitial ?? 0) : default,
    };

    // "100/last" echoes what the host sent last, "100/first-5" what it sent first, less 5.
    private static (uint, uint) Timestamps(Word word, Flow flow)
    {
        string[] parts = word.Text.Split('/');
        if (parts.Length != 2 || !uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint value))
            throw word.Wrong("Timestamps are two numbers, ts=VALUE/ECHO; the echo may be 'last'.");
        string echo = parts[1];
        uint from = echo.StartsWith("last", StringComparison.Ordinal) ? flow.HostTimestamp : echo.StartsWith("first", StringComparison.Ordinal) ? flow.HostFirstTimestamp ?? 0 : 0;
        string rest = echo.Replace("last", "", StringComparison.Ordinal).Replace("first", "", StringComparison.Ordinal);
        if (rest.Length == 0)
            return (value, from);
        return int.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int offset)
            ? (value, from + (uint)offset)
            : throw word.Wrong($"'{echo}' is no echo: a number, 'last' and 'first+20' are.");
    }

    private static SackBlocks ParseBlocks(Word word, uint initial)
    {
        SackBlocks blocks = default;
        foreach (string block in word.Text.Split(','))
        {
            string[] edges = block.Split('-');
            if (edges.Length != 2 || !uint.TryParse(edges[0], out uint start) || !uint.TryParse(edges[1], out uint end) ||
                !blocks.TryAdd(new(new(initial + start), new(initial + end))))
                throw word.Wrong("Blocks are sack=FROM-TO,..., at most four; TO is the first octet that is missing.");
        }

        return blocks;
    }

    private static string Blocks(SackBlocks blocks, uint initial) => string.Join(
        ',', Enumerable.Range(0, blocks.Count).Select(index => $"{(int)(blocks[index].Start.Value - initial)}-{(int)(blocks[index].End.Value - initial)}"));

    private static string? OptionsMismatch(Statement line, TcpOptions options, Flow flow) =>
        Presence(line, "mss", options.MaximumSegmentSize is not null) ?? Presence(line, "wscale", options.WindowScale is not null)
        ?? Presence(line, "sackok", options.SackPermitted) ?? Presence(line, "ts", options.Timestamps is not null) ?? Presence(line, "uto", options.UserTimeout is not null)
        ?? Presence(line, "sack", options.Sack.Count > 0)
        ?? line.Mismatch("mss", options.MaximumSegmentSize ?? 0) ?? line.Mismatch("wscale", options.WindowScale ?? 0) ?? line.Mismatch("uto", options.UserTimeout ?? 0)
        ?? TimestampsMismatch(line.Find("ts"), options.Timestamps, flow)
        ?? (line.Find("sack") is { IsAny: false } sack && Blocks(options.Sack, flow.PeerInitial) is var blocks && blocks != sack.Text ? $"sack={blocks}, not {sack.Text}" : null);

    private static string? Presence(Statement line, string option, bool present)
    {
        if (line.Has(option) && !present)
            return $"the option {option} is missing";
        return line.Has("no-" + option) && present ? $"the option {option} is there" : null;
    }

    private static string? TimestampsMismatch(Word? word, (uint Value, uint EchoReply)? timestamps, Flow flow)
    {
        if (word is null || word.IsAny || timestamps is not { } actual)
            return null;
        string[] parts = word.Text.Split('/');
        if (parts.Length != 2)
            throw word.Wrong("Timestamps are two numbers, ts=VALUE/ECHO, of which each may be 'any'.");
        // The host's clock is known relative to its first segment only.
        bool value = parts[0] == "any" || (parts[0].StartsWith("first", StringComparison.Ordinal)
            && (uint)(flow.HostFirstTimestamp!.Value + (parts[0].Length > 5 ? int.Parse(parts[0][5..], CultureInfo.InvariantCulture) : 0)) == actual.Value);
        bool echo = parts[1] == "any" || (uint.TryParse(parts[1], out uint number) && number == actual.EchoReply);
        return value && echo ? null : $"ts={actual.Value}/{actual.EchoReply}, not {word.Text} (first is {flow.HostFirstTimestamp})";
    }

    private static string? DataMismatch(in TcpHeader header, byte[] data, Flow flow)
    {
        if (data.Length == 0 || header.Has(TcpFlags.Rst))
            return null;
        long position = (uint)(header.Sequence.Value - (flow.HostInitial ?? 0)) + (header.Has(TcpFlags.Syn) ? 1 : 0);
        return Flow.Octets(position, data.Length).AsSpan().SequenceEqual(data) ? null : "the octets are not those that were written there";
    }
}
