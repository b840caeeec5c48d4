namespace Troupe.Core.Machine;

/// <summary>
/// A ChaCha20 generator with fast key erasure (D. J. Bernstein, 2017): every request replaces the key before it ends, so a
/// later look into memory does not reveal what was handed out. For one owner at a time; all state is in here, none on the stack.
/// </summary>
public unsafe struct RandomGenerator
{
    // The nonce tells the two uses of a key apart.
    private const uint OutputNonce = 0;
    private const uint AbsorbNonce = 1;
    private const int BlockBytes = ChaCha20.BlockWords * sizeof(uint);

    private fixed uint _key[ChaCha20.KeyWords];
    private fixed uint _nextKey[ChaCha20.KeyWords];
    private fixed uint _block[ChaCha20.BlockWords];

    /// <summary>Bytes handed out since the last reseeding.</summary>
    public ulong Generated;

    /// <summary>When to reseed, nanoseconds since boot.</summary>
    public long ReseedAt;

    /// <summary>The generation of the pool that the key last took from; 0: not seeded yet.</summary>
    public int Generation;

    /// <summary>Collects the times of interrupts until the next reseeding.</summary>
    public ulong Timing;

    /// <summary>Makes the key 0: to be called once, before any input.</summary>
    public static void Clear(RandomGenerator* generator)
    {
        for (int i = 0; i < ChaCha20.KeyWords; i++)
            generator->_key[i] = 0;
        generator->Generated = 0;
        generator->ReseedAt = 0;
        generator->Generation = 0;
        generator->Timing = 0;
        Wipe(generator);
    }

    /// <summary>
    /// Mixes 32 bytes into the key: key = ChaCha20(key xor input). Whoever does not know the old key or the input does not know
    /// the new key; input that an attacker chose takes nothing away.
    /// </summary>
    public static void Absorb(RandomGenerator* generator, ulong input0, ulong input1, ulong input2, ulong input3)
    {
        ulong* key = (ulong*)generator->_key;
        key[0] ^= input0;
        key[1] ^= input1;
        key[2] ^= input2;
        key[3] ^= input3;
        ChaCha20.Block(generator->_key, 0, AbsorbNonce, 0, 0, generator->_block);
        for (int i = 0; i < ChaCha20.KeyWords; i++)
            generator->_key[i] = generator->_block[i];
        Wipe(generator);
    }

    /// <summary>Hands out random bytes. The destination must not fault.</summary>
    public static void Fill(RandomGenerator* generator, byte* destination, ulong length)
    {
        ChaCha20.Block(generator->_key, 0, OutputNonce, 0, 0, generator->_block);
        for (int i = 0; i < ChaCha20.KeyWords; i++)
            generator->_nextKey[i] = generator->_block[i];

        // The rest of block 0 serves short requests: half of the calls for 32 bytes or less.
        byte* from = (byte*)generator->_block + (ChaCha20.KeyWords * sizeof(uint));
        ulong available = BlockBytes - (ChaCha20.KeyWords * sizeof(uint));
        uint counter = 0;
        for (ulong done = 0; done < length; done++)
        {
            if (available == 0)
            {
                ChaCha20.Block(generator->_key, ++counter, OutputNonce, 0, 0, generator->_block);
                from = (byte*)generator->_block;
                available = BlockBytes;
            }

            destination[done] = *from++;
            available--;
        }

        for (int i = 0; i < ChaCha20.KeyWords; i++)
            generator->_key[i] = generator->_nextKey[i];
        Wipe(generator);
        generator->Generated += length;
    }

    private static void Wipe(RandomGenerator* generator)
    {
        for (int i = 0; i < ChaCha20.KeyWords; i++)
            Volatile.Write(ref generator->_nextKey[i], 0); // volatile: dead stores would be dropped
        for (int i = 0; i < ChaCha20.BlockWords; i++)
            Volatile.Write(ref generator->_block[i], 0);
    }
}
