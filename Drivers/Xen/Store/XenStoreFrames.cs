// xen/include/public/io/xs_wire.h: struct xsd_sockmsg and the kinds of messages; docs/misc/xenstore.txt: what is in them.
using System.Buffers.Binary;
using System.Text;

namespace Troupe.Drivers.Xen;

/// <summary>The kinds of messages that we send or understand.</summary>
internal enum XenStoreKind : uint
{
    Directory = 1,
    Read = 2,
    Watch = 4,
    Write = 11,
    WatchEvent = 15,
    Error = 16,
}

/// <summary>Cuts the stream from xenstore into messages, and makes the messages to it.</summary>
internal sealed class XenStoreFrames
{
    public const int HeaderLength = 16;

    /// <summary>XENSTORE_PAYLOAD_MAX.</summary>
    public const int LargestPayload = 4096;

    private readonly byte[] _message = new byte[HeaderLength + LargestPayload];
    private int _length;

    /// <summary>The message at hand: its kind.</summary>
    public XenStoreKind Kind => (XenStoreKind)BinaryPrimitives.ReadUInt32LittleEndian(_message);

    /// <summary>Which request it answers.</summary>
    public uint Request => BinaryPrimitives.ReadUInt32LittleEndian(_message.AsSpan(4));

    /// <summary>Its payload.</summary>
    public ReadOnlySpan<byte> Payload => _message.AsSpan(HeaderLength, PayloadLength);

    private int PayloadLength => (int)BinaryPrimitives.ReadUInt32LittleEndian(_message.AsSpan(12));

    /// <summary>A request.</summary>
    public static byte[] Make(XenStoreKind kind, uint request, string path, string? second)
    {
        var length = Encoding.UTF8.GetByteCount(path) + 1 + (second is null ? 0 : Encoding.UTF8.GetByteCount(second) + (kind == XenStoreKind.Watch ? 1 : 0));
        var message = new byte[HeaderLength + length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, (uint)kind);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), request);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(12), (uint)length);
        var written = Encoding.UTF8.GetBytes(path, message.AsSpan(HeaderLength));
        if (second is not null)
        {
            // A value ends with the message, a token as a path does.
            Encoding.UTF8.GetBytes(second, message.AsSpan(HeaderLength + written + 1));
        }

        return message;
    }

    /// <summary>Reads on. True: a message is complete, and stays at hand until the next call.</summary>
    public bool TryRead(XenStoreRing ring)
    {
        if (_length >= HeaderLength && _length == HeaderLength + PayloadLength)
        {
            _length = 0;
        }

        if (_length < HeaderLength)
        {
            _length += ring.Read(_message.AsSpan(_length, HeaderLength - _length));
            if (_length < HeaderLength)
            {
                return false;
            }

            if ((uint)PayloadLength > LargestPayload)
            {
                throw new XenViolationException($"xenstore announces {(uint)PayloadLength} bytes.");
            }
        }

        _length += ring.Read(_message.AsSpan(_length, HeaderLength + PayloadLength - _length));
        return _length == HeaderLength + PayloadLength;
    }
}
