// RFC 8200 4: extension headers and their options; RFC 5095: routing headers of type 0 are refused; RFC 7112: the whole chain is in the first fragment.
using System.Buffers.Binary;

namespace Troupe.Net.Wire;

/// <summary>What a walk over extension headers came to.</summary>
public enum Ipv6WalkResult : byte
{
    /// <summary>A transport, or ICMPv6, or something we do not know.</summary>
    Transport,

    /// <summary>A fragment header.</summary>
    Fragment,

    /// <summary>No next header: nothing follows (RFC 8200 4.7).</summary>
    Nothing,

    /// <summary>The chain ends within a header.</summary>
    Truncated,

    /// <summary>More headers than a host must put up with.</summary>
    TooMany,

    /// <summary>An option says that the packet is to be dropped without a word.</summary>
    Discard,

    /// <summary>Drop it, and tell the sender by <see cref="Ipv6Walk.ProblemCode"/> and <see cref="Ipv6Walk.Offset"/>.</summary>
    Problem,

    /// <summary>As <see cref="Problem"/>, but nobody is told of a packet to a group.</summary>
    ProblemUnlessMulticast,
}

/// <summary>Where a walk over extension headers ended.</summary>
/// <param name="Result">What it came to.</param>
/// <param name="NextHeader">What stands at the offset.</param>
/// <param name="Offset">Octets from the beginning of the packet: of what follows the headers, or of what is wrong.</param>
/// <param name="ProblemCode">RFC 4443 3.4: 0 a wrong field, 1 an unknown header, 2 an unknown option.</param>
public readonly record struct Ipv6Walk(Ipv6WalkResult Result, byte NextHeader, int Offset, byte ProblemCode = 0);

/// <summary>Steps over extension headers, so many at most.</summary>
public static class Ipv6Extensions
{
    /// <summary>Headers stepped over (RFC 8883 and common practice: an honest packet has two or three).</summary>
    public const int MaximumHeaders = 8;

    /// <summary>Options looked at in all of a packet's headers, padding included (RFC 8504 5.3).</summary>
    public const int MaximumOptions = 16;

    /// <summary>Octets of a fragment header.</summary>
    public const int FragmentLength = 8;

    /// <summary>The number of hop-by-hop options.</summary>
    public const byte HopByHop = 0;

    /// <summary>The number of the fragment header.</summary>
    public const byte Fragment = 44;

    private const byte Routing = 43;
    private const byte NoNextHeader = 59;
    private const byte DestinationOptions = 60;
    private const byte Pad1 = 0;

    /// <summary>
    /// Walks from a header on. <paramref name="next"/> is what stands at <paramref name="offset"/>; hop-by-hop options may only come first.
    /// </summary>
    /// <param name="packet">The packet.</param>
    /// <param name="next">What stands at the offset.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="first">Whether these are the first headers of the packet.</param>
    /// <param name="judges">Whether options and routing headers are looked at; without that the walk only finds what is behind them.</param>
    public static Ipv6Walk Walk(ReadOnlySpan<byte> packet, byte next, int offset, bool first = true, bool judges = true)
    {
        int options = 0;
        // Where the number of the header at the offset stands, for whoever must be told that it is unknown: in the fixed header, or in the fragment header before.
        int named = first || offset <= Ipv6Header.Length ? 6 : offset - FragmentLength;
        for (int headers = 0; ; headers++)
        {
            switch (next)
            {
                case NoNextHeader:
                    return new(Ipv6WalkResult.Nothing, next, offset);
                case HopByHop when headers > 0 || !first:
                    return new(Ipv6WalkResult.Problem, next, named, 1);
                case Fragment:
                    return packet.Length < offset + FragmentLength
                        ? new(Ipv6WalkResult.Truncated, next, offset)
                        : new(Ipv6WalkResult.Fragment, next, offset);
                case HopByHop or DestinationOptions or Routing:
                    break;
                default:
                    return new(Ipv6WalkResult.Transport, next, offset);
            }

            if (headers == MaximumHeaders)
                return new(Ipv6WalkResult.TooMany, next, offset);
            if (packet.Length < offset + 8 || packet.Length < offset + (packet[offset + 1] + 1) * 8)
                return new(Ipv6WalkResult.Truncated, next, offset);
            int length = (packet[offset + 1] + 1) * 8;
            if (next == Routing && judges)
            {
                // RFC 8200 4.4: nothing left to visit is no reason to stop; anything else is none of a host's business.
                if (packet[offset + 3] != 0)
                    return new(Ipv6WalkResult.Problem, next, offset + 2);
            }
            else if (next != Routing && judges && WalkOptions(packet, offset, length, ref options) is { Result: not Ipv6WalkResult.Transport } stopped)
            {
                return stopped;
            }

            next = packet[offset];
            named = offset;
            offset += length;
        }
    }

    // RFC 8200 4.2: the two highest bits of an unknown option say what becomes of the packet.
    private static Ipv6Walk WalkOptions(ReadOnlySpan<byte> packet, int header, int length, ref int options)
    {
        int at = header + 2;
        int end = header + length;
        while (at < end)
        {
            if (++options > MaximumOptions)
                return new(Ipv6WalkResult.TooMany, 0, at);
            byte type = packet[at];
            if (type == Pad1)
            {
                at++;
                continue;
            }

            if (at + 2 > end || at + 2 + packet[at + 1] > end)
                return new(Ipv6WalkResult.Problem, 0, Math.Min(at + 1, end - 1));
            // PadN and router alert have 00 there too.
            switch (type >> 6)
            {
                case 1:
                    return new(Ipv6WalkResult.Discard, 0, at);
                case 2:
                    return new(Ipv6WalkResult.Problem, 0, at, 2);
                case 3:
                    return new(Ipv6WalkResult.ProblemUnlessMulticast, 0, at, 2);
            }

            at += 2 + packet[at + 1];
        }

        return new(Ipv6WalkResult.Transport, 0, at);
    }
}

/// <summary>RFC 8200 4.5: a fragment header.</summary>
/// <param name="NextHeader">What the fragmented part begins with.</param>
/// <param name="Offset">Octets before this fragment, a multiple of eight.</param>
/// <param name="More">Whether more follow.</param>
/// <param name="Identification">What all fragments of a packet share.</param>
public readonly record struct Ipv6FragmentHeader(byte NextHeader, int Offset, bool More, uint Identification)
{
    /// <summary>A fragment that is the whole packet (RFC 6946).</summary>
    public bool IsAtomic => Offset == 0 && !More;

    /// <summary>Reads eight octets.</summary>
    public static Ipv6FragmentHeader Read(ReadOnlySpan<byte> bytes)
    {
        ushort field = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return new(bytes[0], field & 0xFFF8, (field & 1) != 0, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]));
    }

    /// <summary>Writes eight octets.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[0] = NextHeader;
        bytes[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)(Offset | (More ? 1 : 0)));
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], Identification);
    }
}
