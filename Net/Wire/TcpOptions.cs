// RFC 9293 3.2: TCP options (end, no-operation, maximum segment size); RFC 7323: window scale and timestamps;
// RFC 2018 2 and 3: SACK permitted and SACK; RFC 5482 3: user timeout.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>The options of one segment that this stack reads or writes; unknown ones are stepped over by their length.</summary>
public readonly record struct TcpOptions
{
    private const byte EndOfList = 0;
    private const byte NoOperation = 1;
    private const byte MaximumSegmentSizeKind = 2;
    private const byte WindowScaleKind = 3;
    private const byte SackPermittedKind = 4;
    private const byte SackKind = 5;
    private const byte TimestampsKind = 8;
    private const byte UserTimeoutKind = 28;
    private const uint AlignedTimestamps = (NoOperation << 24) | (NoOperation << 16) | (TimestampsKind << 8) | 10;

    /// <summary>RFC 7323 2.3: a larger shift is used as 14.</summary>
    public const byte MaximumWindowScale = 14;

    /// <summary>Octets of the timestamps option with its padding.</summary>
    public const int TimestampsLength = 12;

    /// <summary>The largest segment the sender can receive; null when the option is absent.</summary>
    public ushort? MaximumSegmentSize { get; init; }

    /// <summary>The shift of the sender's window field; null when the option is absent.</summary>
    public byte? WindowScale { get; init; }

    /// <summary>Whether the sender understands selective acknowledgements.</summary>
    public bool SackPermitted { get; init; }

    /// <summary>TSval and TSecr; null when the option is absent.</summary>
    public (uint Value, uint EchoReply)? Timestamps { get; init; }

    /// <summary>What the sender holds out of order; none when the option is absent.</summary>
    public SackBlocks Sack { get; init; }

    /// <summary>The sender's user timeout as on the wire: the first bit set for minutes, clear for seconds; null when the option is absent.</summary>
    public ushort? UserTimeout { get; init; }

    /// <summary>Octets these options take on the wire, padded to a multiple of four.</summary>
    public int Length =>
        (MaximumSegmentSize is null ? 0 : 4) + (WindowScale is null ? 0 : 4) + (SackPermitted ? 4 : 0) + (Timestamps is null ? 0 : TimestampsLength) +
        (UserTimeout is null ? 0 : 4) + Sack.Length;

    /// <summary>Reads the octets between the fixed header and the data.</summary>
    public static WireError TryParse(ReadOnlySpan<byte> bytes, out TcpOptions options)
    {
        // As most segments have it (RFC 7323 A): the timestamps, and no-operations that align them.
        if (bytes.Length == TimestampsLength && BinaryPrimitives.ReadUInt32BigEndian(bytes) == AlignedTimestamps)
        {
            options = new() { Timestamps = (BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[8..])) };
            return WireError.None;
        }

        options = default;
        ushort? maximumSegmentSize = null;
        byte? windowScale = null;
        bool sackPermitted = false;
        (uint, uint)? timestamps = null;
        SackBlocks sack = default;
        ushort? userTimeout = null;
        while (bytes.Length > 0 && bytes[0] != EndOfList)
        {
            if (bytes[0] == NoOperation)
            {
                bytes = bytes[1..];
                continue;
            }

            if (bytes.Length < 2 || bytes[1] < 2 || bytes[1] > bytes.Length)
                return WireError.BadOption;

            int length = bytes[1];
            switch (bytes[0], length)
            {
                case (MaximumSegmentSizeKind, 4):
                    maximumSegmentSize = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
                    break;
                case (WindowScaleKind, 3):
                    windowScale = Math.Min(bytes[2], MaximumWindowScale);
                    break;
                case (SackPermittedKind, 2):
                    sackPermitted = true;
                    break;
                case (TimestampsKind, 10):
                    timestamps = (BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[6..]));
                    break;
                case (SackKind, 10 or 18 or 26 or 34):
                    sack = SackBlocks.Read(bytes[2..length]);
                    break;
                case (UserTimeoutKind, 4):
                    userTimeout = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
                    break;
                case (MaximumSegmentSizeKind or WindowScaleKind or SackPermittedKind or SackKind or TimestampsKind or UserTimeoutKind, _):
                    return WireError.BadOption;
            }

            bytes = bytes[length..];
        }

        options = new()
        {
            MaximumSegmentSize = maximumSegmentSize,
            WindowScale = windowScale,
            SackPermitted = sackPermitted,
            Timestamps = timestamps,
            Sack = sack,
            UserTimeout = userTimeout,
        };
        return WireError.None;
    }

    /// <summary>Writes <see cref="Length"/> octets, each option aligned to four by no-operations before it.</summary>
    public void Write(Span<byte> bytes)
    {
        if (MaximumSegmentSize is { } size)
        {
            bytes[0] = MaximumSegmentSizeKind;
            bytes[1] = 4;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], size);
            bytes = bytes[4..];
        }

        if (WindowScale is { } scale)
        {
            bytes[0] = NoOperation;
            bytes[1] = WindowScaleKind;
            bytes[2] = 3;
            bytes[3] = scale;
            bytes = bytes[4..];
        }

        if (SackPermitted)
        {
            bytes[0] = NoOperation;
            bytes[1] = NoOperation;
            bytes[2] = SackPermittedKind;
            bytes[3] = 2;
            bytes = bytes[4..];
        }

        if (Timestamps is { } timestamps)
        {
            bytes[0] = NoOperation;
            bytes[1] = NoOperation;
            bytes[2] = TimestampsKind;
            bytes[3] = 10;
            BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], timestamps.Value);
            BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], timestamps.EchoReply);
            bytes = bytes[TimestampsLength..];
        }

        if (UserTimeout is { } userTimeout)
        {
            bytes[0] = UserTimeoutKind;
            bytes[1] = 4;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], userTimeout);
            bytes = bytes[4..];
        }

        if (Sack.Count > 0)
        {
            bytes[0] = NoOperation;
            bytes[1] = NoOperation;
            bytes[2] = SackKind;
            bytes[3] = (byte)(Sack.Length - 2);
            Sack.Write(bytes[4..]);
        }
    }
}
