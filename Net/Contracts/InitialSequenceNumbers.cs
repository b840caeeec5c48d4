// RFC 6528: defending against sequence number attacks; the keyed function is SipHash-2-4 (Aumasson and Bernstein, 2012).
using System.Buffers.Binary;
using System.Numerics;
using Troupe.Net.Wire;

namespace Troupe.Net.Contracts;

/// <summary>ISN = M + F(connection, secret), M a clock of 4 microseconds. The same keyed function hashes the tables' keys.</summary>
public sealed class InitialSequenceNumbers
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ulong _key0;
    private readonly ulong _key1;

    /// <summary>Takes a secret that lives as long as this stack.</summary>
    public InitialSequenceNumbers(IRandomness randomness, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(randomness);
        ArgumentNullException.ThrowIfNull(time);
        Span<byte> secret = stackalloc byte[16];
        randomness.Fill(secret);
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(secret);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(secret[8..]);
        _time = time;
        _start = time.GetTimestamp();
    }

    /// <summary>The initial sequence number of a connection opened now.</summary>
    public SequenceNumber For(in TcpConnectionKey key)
    {
        long microseconds = _time.GetElapsedTime(_start).Ticks / TimeSpan.TicksPerMicrosecond;
        return new((uint)(microseconds / 4) + (uint)Hash(key));
    }

    /// <summary>
    /// Where a connection's timestamps begin (RFC 7323 5.4 wants the clock secret): the same for each connection of a key, so that what comes
    /// later is also greater (RFC 6191).
    /// </summary>
    public uint TimestampOffset(in TcpConnectionKey key) => (uint)(Hash(key) >> 32);

    /// <summary>A hash of a connection that outsiders cannot aim at.</summary>
    public ulong Hash(in TcpConnectionKey key) => SipHash(
        _key0, _key1,
        [
            key.Local.Address.Ipv6.High, key.Local.Address.Ipv6.Low, key.Remote.Address.Ipv6.High, key.Remote.Address.Ipv6.Low,
            ((ulong)key.Local.Port << 16) | key.Remote.Port,
        ]);

    /// <summary>A hash of a connection and of two words more, for SYN cookies: another message than the one above, so nothing follows from that.</summary>
    public ulong Hash(in TcpConnectionKey key, ulong first, ulong second) => SipHash(
        _key0, _key1,
        [
            key.Local.Address.Ipv6.High, key.Local.Address.Ipv6.Low, key.Remote.Address.Ipv6.High, key.Remote.Address.Ipv6.Low,
            ((ulong)key.Local.Port << 16) | key.Remote.Port, first, second,
        ]);

    /// <summary>SipHash-2-4 of a message of whole words, 255 octets at most.</summary>
    public static ulong SipHash(ulong key0, ulong key1, params ReadOnlySpan<ulong> words)
    {
        ulong v0 = key0 ^ 0x736f6d6570736575;
        ulong v1 = key1 ^ 0x646f72616e646f6d;
        ulong v2 = key0 ^ 0x6c7967656e657261;
        ulong v3 = key1 ^ 0x7465646279746573;
        foreach (ulong word in words)
            Compress(ref v0, ref v1, ref v2, ref v3, word);
        Compress(ref v0, ref v1, ref v2, ref v3, (ulong)(words.Length * sizeof(ulong)) << 56);
        v2 ^= 0xFF;
        for (int round = 0; round < 4; round++)
            Round(ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Compress(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3, ulong word)
    {
        v3 ^= word;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= word;
    }

    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v3;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
