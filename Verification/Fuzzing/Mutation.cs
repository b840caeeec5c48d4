using System.Buffers.Binary;

namespace Troupe.Verification.Fuzzing;

/// <summary>Makes a new input from those there are: a few small changes at once, drawn from a seeded random number generator ("havoc" in AFL).</summary>
internal sealed class Mutation(Random random, int longest, IReadOnlyList<byte[]> words)
{
    private const int MostChanges = 6;
    private static readonly int[] _numbers = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 192, 254, 255, 256, 512, 1023, 1024, 4095, 4096, 32767, 32768, 65534, 65535, int.MaxValue, -1];

    private readonly byte[] _bytes = new byte[longest];
    private int _length;

    /// <summary>A new input; the span is good until the next.</summary>
    public ReadOnlySpan<byte> Next(IReadOnlyList<byte[]> corpus)
    {
        byte[] start = corpus[random.Next(2) == 0 ? random.Next(corpus.Count) : corpus.Count - 1 - random.Next(1 + corpus.Count / 8)];
        _length = Math.Min(start.Length, longest);
        start.AsSpan(0, _length).CopyTo(_bytes);
        for (int changes = 1 << random.Next(MostChanges); changes > 0; changes--)
            Change(corpus);
        return _bytes.AsSpan(0, _length);
    }

    private void Change(IReadOnlyList<byte[]> corpus)
    {
        if (_length == 0)
        {
            Insert(0, 1 + random.Next(16));
            return;
        }

        int at = random.Next(_length);
        switch (random.Next(12))
        {
            case 0:
                _bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                _bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                _bytes[at] = (byte)(_bytes[at] + random.Next(-16, 17));
                break;
            case 3:
                PutNumber(at, _numbers[random.Next(_numbers.Length)]);
                break;
            case 4:
                AddToNumber(at, random.Next(-16, 17));
                break;
            case 5:
                Remove(at, 1 + random.Next(random.Next(4) == 0 ? _length - at : Math.Min(8, _length - at)));
                break;
            case 6:
                Insert(at, 1 + random.Next(random.Next(4) == 0 ? 64 : 8));
                break;
            case 7:
                Overwrite(at, _bytes.AsSpan(random.Next(_length)));
                break;
            case 8:
                Duplicate(at);
                break;
            case 9 when words.Count > 0:
                PutWord(at, words[random.Next(words.Count)]);
                break;
            case 10:
                _length = 1 + at;
                break;
            default:
                byte[] other = corpus[random.Next(corpus.Count)];
                if (other.Length > 0)
                    Overwrite(at, other.AsSpan(random.Next(other.Length)));
                break;
        }
    }

    private void PutNumber(int at, int number)
    {
        Span<byte> place = _bytes.AsSpan(at, _length - at);
        switch (random.Next(5))
        {
            case 0 when place.Length >= 2:
                BinaryPrimitives.WriteUInt16BigEndian(place, (ushort)number);
                break;
            case 1 when place.Length >= 2:
                BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)number);
                break;
            case 2 when place.Length >= 4:
                BinaryPrimitives.WriteInt32BigEndian(place, number);
                break;
            case 3 when place.Length >= 4:
                BinaryPrimitives.WriteInt32LittleEndian(place, number);
                break;
            default:
                place[0] = (byte)number;
                break;
        }
    }

    private void AddToNumber(int at, int number)
    {
        Span<byte> place = _bytes.AsSpan(at, _length - at);
        if (place.Length < 2)
            return;
        if (random.Next(2) == 0)
            BinaryPrimitives.WriteUInt16BigEndian(place, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(place) + number));
        else
            BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(place) + number));
    }

    private void Remove(int at, int count)
    {
        _bytes.AsSpan(at + count, _length - at - count).CopyTo(_bytes.AsSpan(at));
        _length -= count;
    }

    // Makes room, filled with random octets or with one of them.
    private void Insert(int at, int count)
    {
        count = Math.Min(count, longest - _length);
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + count));
        _length += count;
        if (random.Next(2) == 0)
            random.NextBytes(_bytes.AsSpan(at, count));
        else
            _bytes.AsSpan(at, count).Fill((byte)random.Next(256));
    }

    private void Overwrite(int at, ReadOnlySpan<byte> octets)
    {
        int count = Math.Min(1 + random.Next(Math.Min(32, octets.Length)), _length - at);
        octets[..Math.Min(count, octets.Length)].CopyTo(_bytes.AsSpan(at));
    }

    private void Duplicate(int at)
    {
        int count = Math.Min(1 + random.Next(Math.Min(32, _length - at)), longest - _length);
        byte[] copy = _bytes.AsSpan(at, count).ToArray();
        int to = random.Next(_length + 1);
        Insert(to, count);
        copy.CopyTo(_bytes, to);
    }

    private void PutWord(int at, byte[] word)
    {
        if (word.Length > longest)
            return;
        if (random.Next(2) == 0)
            Insert(at, word.Length);
        word.AsSpan(0, Math.Min(word.Length, _length - at)).CopyTo(_bytes.AsSpan(at));
    }
}
