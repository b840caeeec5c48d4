using System.Runtime.CompilerServices;

namespace Troupe.Core.Machine;

/// <summary>The ChaCha20 block function (RFC 8439, 2.3).</summary>
public static unsafe class ChaCha20
{
    /// <summary>Words of a key.</summary>
    public const int KeyWords = 8;

    /// <summary>Words of a block.</summary>
    public const int BlockWords = 16;

    // "expand 32-byte k"
    private const uint Constant0 = 0x6170_7865;
    private const uint Constant1 = 0x3320_646E;
    private const uint Constant2 = 0x7962_2D32;
    private const uint Constant3 = 0x6B20_6574;
    private const int DoubleRounds = 10;

    /// <summary>Computes one block. Words are little-endian as in the RFC, that is, in the machine's order.</summary>
    /// <param name="key">8 words.</param>
    /// <param name="counter">The block counter.</param>
    /// <param name="nonce0">First word of the nonce.</param>
    /// <param name="nonce1">Second word of the nonce.</param>
    /// <param name="nonce2">Third word of the nonce.</param>
    /// <param name="output">16 words; may not overlap the key.</param>
    public static void Block(uint* key, uint counter, uint nonce0, uint nonce1, uint nonce2, uint* output)
    {
        uint x0 = Constant0, x1 = Constant1, x2 = Constant2, x3 = Constant3;
        uint x4 = key[0], x5 = key[1], x6 = key[2], x7 = key[3], x8 = key[4], x9 = key[5], x10 = key[6], x11 = key[7];
        uint x12 = counter, x13 = nonce0, x14 = nonce1, x15 = nonce2;
        for (int i = 0; i < DoubleRounds; i++)
        {
            QuarterRound(ref x0, ref x4, ref x8, ref x12);
            QuarterRound(ref x1, ref x5, ref x9, ref x13);
            QuarterRound(ref x2, ref x6, ref x10, ref x14);
            QuarterRound(ref x3, ref x7, ref x11, ref x15);
            QuarterRound(ref x0, ref x5, ref x10, ref x15);
            QuarterRound(ref x1, ref x6, ref x11, ref x12);
            QuarterRound(ref x2, ref x7, ref x8, ref x13);
            QuarterRound(ref x3, ref x4, ref x9, ref x14);
        }

        output[0] = x0 + Constant0;
        output[1] = x1 + Constant1;
        output[2] = x2 + Constant2;
        output[3] = x3 + Constant3;
        output[4] = x4 + key[0];
        output[5] = x5 + key[1];
        output[6] = x6 + key[2];
        output[7] = x7 + key[3];
        output[8] = x8 + key[4];
        output[9] = x9 + key[5];
        output[10] = x10 + key[6];
        output[11] = x11 + key[7];
        output[12] = x12 + counter;
        output[13] = x13 + nonce0;
        output[14] = x14 + nonce1;
        output[15] = x15 + nonce2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRound(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        a += b;
        d ^= a;
        d = (d << 16) | (d >> 16);
        c += d;
        b ^= c;
        b = (b << 12) | (b >> 20);
        a += b;
        d ^= a;
        d = (d << 8) | (d >> 24);
        c += d;
        b ^= c;
        b = (b << 7) | (b >> 25);
    }
}
